// Who takes part in a simulated lease, how bad the network is, and the times that all go by.
import type { LeaseId } from "#protocol/units.ts";

export type ConsumerPart = "honest" | "silent" | "stingy" | "underpaying";
export type NodePart = "honest" | "lying" | "dead" | "idle";

export interface Cast {
  readonly consumer: ConsumerPart;
  readonly nodes: readonly NodePart[];
  /** When silent parties fall silent. */
  readonly silentFrom: number;
  /** Of 100 messages, how many are lost, and how many come twice. */
  readonly lostPercent: number;
  readonly doubledPercent: number;
  /** In how many of 100 moments a stranger brings an order to the exchange. */
  readonly forcedPercent: number;
}

export type Random = () => number;

export interface Order {
  readonly nonce: number;
  readonly price: bigint;
  readonly deadline: number;
  readonly forcibleUntil: number;
}

export const LEASE = `0x${"22".repeat(32)}` as LeaseId;
export const CREDIT = 250n;
export const CAP = 100n;
export const DEPOSIT = 100_000n;
export const ORDERING_UNTIL = 60;
export const ORDER_SECONDS = 12;
export const GRACE_SECONDS = 12;
/** How long before the end of a right a node uses it. */
export const MARGIN_SECONDS = 5;
/** Past every order's last moment and the lease's grace. */
export const END = 140;
export const LEASE_EXPIRY = 100;

/**
 * The same numbers from 0 to 1 from the same seed: a linear congruential generator with the constants of Numerical
 * Recipes, which is random enough to pick events by its high bits. Neighbouring seeds start far apart.
 */
export function seededRandom(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
