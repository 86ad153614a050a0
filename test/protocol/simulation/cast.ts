// Who takes part in a simulated world, how bad its network is, and the times that all go by.
import type { Hex } from "viem";
import type { CourtCosts } from "#protocol/court-decision.ts";
import type { RescueCosts } from "#protocol/rescue-decision.ts";
import type { UnixSeconds } from "#protocol/units.ts";

/**
 * `grabbing` signs vouchers over whatever it ordered for less than it costs; `choosy` shows commitments to one node;
 * `settling` signs no voucher and settles each order by itself.
 */
export type ConsumerPart = "honest" | "silent" | "stingy" | "underpaying" | "grabbing" | "choosy" | "settling";
/**
 * - `colluding`: attests the same lie as its like, shows both answers, signs every claim and clearing, and meddles
 * - `erring`: follows every rule, but its answers are often wrong, and nobody else's
 * - `refusing`: attests the truth, signs no claim or clearing, and forces without the others when it can
 * - `dead`: honest until it is gone for good
 * - `idle`: never there
 */
export type NodePart = "honest" | "colluding" | "erring" | "refusing" | "dead" | "idle";

/**
 * - `any`: any mix of parties over any network
 * - `calm`: everybody is honest and nothing is lost; now and then somebody settles an order in time, as anyone may
 * - `stuck`: as calm, but the first order of each lease reaches nobody
 * - `waiting`: nobody is in a hurry: no order is settled so, no lease ended, and clearings wait until they must; where orders
 *   run longest, vouchers are late too
 */
export type WorldKind = "any" | "calm" | "stuck" | "waiting";

/** `split`: a third of the seats lies; `silent`: more than a third says nothing. */
export type JuryPart = "honest" | "split" | "silent";

export interface LeaseCast {
  readonly consumer: ConsumerPart;
  /** Places among the world's nodes, ascending. */
  readonly committee: readonly number[];
  readonly quorumBps: number;
  /** Only then is anybody punished. */
  readonly drawn: boolean;
}

export interface Cast {
  readonly kind: WorldKind;
  readonly nodes: readonly NodePart[];
  /** Of each node, tokens: each is a million shares. */
  readonly stakes: readonly bigint[];
  readonly jury: JuryPart;
  /** Colluding nodes show no attestation to any other node. */
  readonly withholding: boolean;
  readonly credit: bigint;
  readonly costs: CourtCosts & RescueCosts;
  readonly leases: readonly LeaseCast[];
  /** From an order to its deadline: a short one leaves no time to settle it early. */
  readonly orderSeconds: number;
  /** When silent parties fall silent. */
  readonly silentFrom: UnixSeconds;
  /** Of 100 messages, how many are lost, and how many come twice. */
  readonly lostPercent: number;
  readonly doubledPercent: number;
  /** Of 1,000 steps, how many end in a crash: a write just before or just after, a signature just after. */
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
/** Nobody errs like another. */
export const errorOf = (node: number): Hex => `0x${"33".repeat(31)}${node.toString(16).padStart(2, "0")}`;
export const CAP = 100n;
export const FORCE_FEE = 5n;
export const DEPOSIT = 100_000n;
export const ORDERING_UNTIL = 36;
/** In worlds whose orders run long. */
export const CALM_ORDERING_UNTIL = 18;
/** Of orders that must be signed before `SLOW_ORDERING_UNTIL`; their vouchers come every so many seconds. */
export const SLOW_ORDER_SECONDS = 52;
export const SLOW_ORDERING_UNTIL = 8;
export const SLOW_VOUCHER_SECONDS = 9;
/** When consumers begin to end their leases. */
export const LAST_VOUCHER_FROM = 80;
export const GRACE_SECONDS = 64;
export const LEASE_EXPIRY = 60;
/** Past every order's last moment and the lease's grace. */
export const END = LEASE_EXPIRY + GRACE_SECONDS + 4;
/** Past every order's four graces, in which the court may still punish, and past the five that stake takes to leave. */
export const COURT_END = LEASE_EXPIRY + 6 * GRACE_SECONDS;
/** What owners leave of what they collect, 1/10,000. */
export const FEE_BPS = 100n;
/** A party that crashed is back after at most so long, and then stands for a while. */
export const DOWN_SECONDS = 3;
export const STANDS_SECONDS = 12;
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
