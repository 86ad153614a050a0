// Decides how it is read what an owner's mined transaction brought: from the events of its receipt, so that nothing that
// others did meanwhile is counted. It never asks the chain.
import { isAddressEqual, type Log, parseEventLogs } from "viem";
import type { Amount, Shares, UnixSeconds } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { vaultAbi } from "./abi/vault-abi.ts";
import type { Chain } from "./connect.ts";

type ExchangeTarget = { readonly settings: Pick<Chain["settings"], "exchange"> };
type VaultTarget = { readonly contracts: Pick<Chain["contracts"], "vault"> };

/** What collecting brought, base units, summed over the nodes: what owners got, and the exchange's fee beside it. */
export function collected({ settings }: ExchangeTarget, logs: readonly Log[]): { received: Amount; fee: Amount } {
  const events = parseEventLogs({ abi: exchangeAbi, eventName: "EarningsCollected", logs: [...logs] });
  const own = events.filter(({ address }) => isAddressEqual(address, settings.exchange));
  return {
    received: own.reduce((sum, { args }) => sum + args.amount, 0n),
    fee: own.reduce((sum, { args }) => sum + args.fee, 0n),
  };
}

/** What was bought of the profit share, or with `Withdraw` sold. */
export function traded(
  { contracts }: VaultTarget,
  logs: readonly Log[],
  eventName: "Deposit" | "Withdraw",
): { shares: Shares; amount: Amount } {
  const events = parseEventLogs({ abi: vaultAbi, eventName, logs: [...logs] });
  const own = events.filter(({ address }) => isAddressEqual(address, contracts.vault));
  return {
    shares: own.reduce((sum, { args }) => sum + args.shares, 0n),
    amount: own.reduce((sum, { args }) => sum + args.assets, 0n),
  };
}

/** What a harvest brought, and when all of it has dripped in; undefined when it brought nothing. */
export function harvested(
  { contracts }: VaultTarget,
  logs: readonly Log[],
): { profit: Amount; until: UnixSeconds } | undefined {
  const events = parseEventLogs({ abi: vaultAbi, eventName: "Harvested", logs: [...logs] });
  const own = events.find(({ address }) => isAddressEqual(address, contracts.vault));
  return own && { profit: own.args.profit, until: Number(own.args.until) };
}
