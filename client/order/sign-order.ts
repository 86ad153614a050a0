// The order: the consumer's instruction to a committee, signed by the lease's session key.
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type JobSpec, jobsRoot } from "#protocol/order.ts";
import type { JobOrder, Signed } from "#protocol/signed-messages.ts";
import { signingHash, signMessage } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { Amount, UnixSeconds } from "#protocol/units.ts";

export interface OrderInput {
  readonly domain: ExchangeDomain;
  readonly lease: Hex;
  /** Private key of the lease. */
  readonly sessionKey: Hex;
  /** From 1 on; each is settled at most once. */
  readonly nonce: number;
  readonly specs: readonly JobSpec[];
  readonly maxPrice: Amount;
  readonly forceFee: Amount;
  readonly quorumBps: number;
  readonly deadline: UnixSeconds;
}

/** The signed order and its id. */
export async function signOrder(input: OrderInput): Promise<{ order: Signed<JobOrder>; orderId: Hex }> {
  const { domain, lease, nonce, maxPrice, forceFee, quorumBps, deadline } = input;
  const message = { lease, nonce, jobs: jobsRoot(input.specs), maxPrice, forceFee, quorumBps, deadline };
  const order = await signMessage(privateKeyToAccount(input.sessionKey), domain, "JobOrder", message);
  return { order, orderId: signingHash(domain, "JobOrder", message) };
}
