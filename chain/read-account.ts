// Decides how an account's money is read: what the exchange holds for it, and what it holds itself.
// It never writes, and it never caches: each answer is of the latest block.
import type { Address } from "viem";
import type { Amount } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { paymentTokenAbi } from "./abi/payment-token-abi.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";

/** What `account` can withdraw or spend in the exchange, base units. @throws `chain-unreachable` */
export function readBalance({ client, settings }: Chain, account: Address): Promise<Amount> {
  return asChainCall(settings.rpcUrl, "the balance", () =>
    client.readContract({ address: settings.exchange, abi: exchangeAbi, functionName: "balanceOf", args: [account] }),
  );
}

/** Payment tokens that `account` holds outside the exchange, base units. @throws `chain-unreachable` */
export function readTokenBalance({ client, settings, token }: Chain, account: Address): Promise<Amount> {
  return asChainCall(settings.rpcUrl, "the token balance", () =>
    client.readContract({ address: token, abi: paymentTokenAbi, functionName: "balanceOf", args: [account] }),
  );
}

/** What `spender`, the exchange unless told, may take of `account`'s tokens, base units. @throws `chain-unreachable` */
export function readAllowance(
  { client, settings, token }: Chain,
  account: Address,
  spender: Address = settings.exchange,
): Promise<Amount> {
  const args = [account, spender] as const;
  return asChainCall(settings.rpcUrl, "the allowance", () =>
    client.readContract({ address: token, abi: paymentTokenAbi, functionName: "allowance", args }),
  );
}

/** What `account` has for gas, wei. @throws `chain-unreachable` */
export function readGasBalance({ client, settings }: Chain, account: Address): Promise<bigint> {
  return asChainCall(settings.rpcUrl, "the gas balance", () => client.getBalance({ address: account }));
}
