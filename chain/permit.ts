// Decides how an account allows the exchange to take tokens by a signature, so that a deposit is one transaction.
// It never sends: `depositWithPermitCall` makes the call.
import type { Hex, LocalAccount } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Amount, UnixSeconds } from "#protocol/units.ts";
import { paymentTokenAbi } from "./abi/payment-token-abi.ts";
import { toChainError } from "./chain-error.ts";
import type { Chain } from "./connect.ts";

export interface Permit {
  readonly amount: Amount;
  readonly validUntil: UnixSeconds;
  /** 65 bytes. */
  readonly signature: Hex;
}

const PERMIT = [
  { name: "owner", type: "address" },
  { name: "spender", type: "address" },
  { name: "value", type: "uint256" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint256" },
] as const;

/** Signs an ERC-2612 permit of the payment token for the exchange. @throws `permit-unsupported`, `chain-unreachable` */
export async function signPermit(
  chain: Chain,
  account: Pick<LocalAccount, "address" | "signTypedData">,
  terms: Omit<Permit, "signature">,
): Promise<Permit> {
  const { name, version, nonce } = await readTokenDomain(chain, account.address);
  const signature = await account.signTypedData({
    domain: { name, version, chainId: chain.settings.chainId, verifyingContract: chain.token },
    types: { Permit: PERMIT },
    primaryType: "Permit",
    message: {
      owner: account.address,
      spender: chain.settings.exchange,
      value: terms.amount,
      nonce,
      deadline: BigInt(terms.validUntil),
    },
  });
  return { ...terms, signature };
}

async function readTokenDomain({ client, settings, token }: Chain, owner: Hex) {
  const target = { address: token, abi: paymentTokenAbi } as const;
  try {
    const [[, name, version], nonce] = await Promise.all([
      client.readContract({ ...target, functionName: "eip712Domain" }),
      client.readContract({ ...target, functionName: "nonces", args: [owner] }),
    ]);
    return { name, version, nonce };
  } catch (cause) {
    const error = toChainError(cause, "the token's permit terms", settings.rpcUrl);
    if (error.retryable) throw error;
    throw new ProtocolError("rejected", "permit-unsupported", `The token ${token} does not say how to sign a permit.`, {
      hint: "Approve the exchange by a transaction instead, then deposit.",
      context: { token },
      cause,
    });
  }
}
