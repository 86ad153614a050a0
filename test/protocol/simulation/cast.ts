// Who takes part in a simulated world, how bad its network is, and the times that all go by.
import type { Hex } from "viem";
import type { UnixSeconds } from "#protocol/units.ts";

/** `grabbing` signs vouchers over whatever it ordered for less than it costs; `choosy` shows commitments to one node. */
export type ConsumerPart = "honest" | "silent" | "stingy" | "underpaying" | "grabbing" | "choosy";
/**
 * - `colluding`: attests the same lie as its like, signs every claim and clearing, and meddles
 * - `refusing`: attests the truth, signs no claim or clearing, and forces without the others when it can
 * - `dead`: honest until it is gone for good
 * - `idle`: never there
 */
export type NodePart = "honest" | "colluding" | "refusing" | "dead" | "idle";

export interface LeaseCast {
  readonly consumer: ConsumerPart;
  /** Places among the world's nodes, ascending. */
  readonly committee: readonly number[];
  readonly quorumBps: number;
}

export interface Cast {
  readonly nodes: readonly NodePart[];
  /** Of each node. */
  readonly stakes: readonly bigint[];
  readonly leases: readonly LeaseCast[];
  /** From an order to its deadline: a short one leaves no time to settle it early. */
  readonly orderSeconds: number;
  /** When silent parties fall silent. */
  readonly silentFrom: UnixSeconds;
  /** Of 100 messages, how many are lost, and how many come twice. */
  readonly lostPercent: number;
  readonly doubledPercent: number;
  /** Of 1,000 writes, how many end in a crash, just before or just after. */
  readonly crashesPerMille: number;
  /** In how many of 100 moments somebody bad uses what was signed. */
  readonly meddlePercent: number;
}

export type Random = () => number;

/** As its session key signed it. */
export interface Order {
  readonly id: Hex;
  readonly lease: number;
  readonly nonce: number;
  readonly maxPrice: bigint;
  readonly forceFee: bigint;
  readonly quorumBps: number;
  readonly deadline: UnixSeconds;
}

export interface Attestation {
  readonly order: Hex;
  readonly node: number;
  readonly resultHash: Hex;
  readonly price: bigint;
}

export const TRUTH: Hex = `0x${"11".repeat(32)}`;
export const LIE: Hex = `0x${"22".repeat(32)}`;
export const CREDIT = 250n;
export const CAP = 100n;
export const FORCE_FEE = 5n;
export const DEPOSIT = 100_000n;
export const ORDERING_UNTIL = 36;
export const ORDER_SECONDS_MAX = 24;
export const GRACE_SECONDS = 64;
export const LEASE_EXPIRY = 60;
/** Past every order's last moment and the lease's grace. */
export const END = LEASE_EXPIRY + GRACE_SECONDS + 4;
/** A party that crashed is back after at most so long, and then stands for a while. */
export const DOWN_SECONDS = 3;
export const STANDS_SECONDS = 12;
/** What one call costs its sender is about two units. */
export const COSTS = { gasPrice: 1n, coinPrice: 5_000_000_000_000n, costShareBps: 5_000, accusationCost: 10n } as const;

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

export function pick<Item>(random: Random, all: readonly Item[]): Item {
  return all[Math.floor(random() * all.length)] as Item;
}

/** Leases, orders and nodes as the protocol's rules know them. */
export function hexOf(bytes: number, ...parts: readonly number[]): Hex {
  const digits = parts.map((part) => part.toString(16).padStart(8, "0")).join("");
  return `0x${digits.padStart(bytes * 2, "0")}`;
}
