// Decides how a lease and its orders are read. It never says whether a lease is still live: the reader compares `expiry`
// with its own clock, since the latest block of a quiet chain may be old.
import type { Hex } from "viem";
import { LEASE_STATES } from "#protocol/lease-transitions.ts";
import type { Amount, UnixSeconds } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";

export interface LeaseRecord {
  /** What the lease still holds, base units. */
  readonly remaining: Amount;
  readonly expiry: UnixSeconds;
  /** Opened and not closed; its expiry may have passed. */
  readonly open: boolean;
  /** What each node of the committee has been paid by vouchers, base units. */
  readonly paidPerNode: Amount;
  /** Orders up to and including this nonce are covered by a cleared voucher. */
  readonly upTo: number;
  /** Orders settled without a voucher. */
  readonly forced: number;
}

const STATUS_NONE = LEASE_STATES.indexOf("none");
const STATUS_CLOSED = LEASE_STATES.indexOf("closed");

/** The lease in the latest block; undefined when it was never opened. @throws `chain-unreachable` */
export async function readLease(chain: Chain, leaseId: Hex): Promise<LeaseRecord | undefined> {
  const { client, settings } = chain;
  const view = await asChainCall(settings.rpcUrl, "the lease", () =>
    client.readContract({ address: settings.exchange, abi: exchangeAbi, functionName: "leaseOf", args: [leaseId] }),
  );
  if (view.status === STATUS_NONE) return undefined;
  const { funds: remaining, expiry, paidPerNode, upTo, forced } = view;
  return { remaining, expiry, open: view.status !== STATUS_CLOSED, paidPerNode, upTo, forced };
}

/** Whether the lease's order with `nonce` was settled without a voucher. @throws `chain-unreachable` */
export function isOrderSettled({ client, settings }: Chain, leaseId: Hex, nonce: number): Promise<boolean> {
  return asChainCall(settings.rpcUrl, "the order", () =>
    client.readContract({
      address: settings.exchange,
      abi: exchangeAbi,
      functionName: "isSettled",
      args: [leaseId, nonce],
    }),
  );
}
