// Decides whether a clearing is worth its gas now, may wait for more, or cannot wait any longer. It never sends one.
import type { Amount, UnixSeconds } from "./units.ts";

export interface ClearingCosts {
  /** Wei for one unit of gas. */
  readonly gasPrice: bigint;
  /** What one whole coin of the chain, 10^18 wei, is worth in base units of the payment token. */
  readonly coinPrice: Amount;
}

export interface ClearingQuestion extends ClearingCosts {
  /** What the sender itself is paid by the clearing, base units: it carries the gas alone. */
  readonly gain: Amount;
  readonly nodes: number;
  readonly leases: number;
  /** The most of its gain that the sender spends on gas while it can wait, 1/10,000. */
  readonly costShareBps: number;
  readonly now: UnixSeconds;
  /** The first moment at which some voucher of it could be lost; undefined when there is none. */
  readonly clearBy: UnixSeconds | undefined;
  /** How long before that it no longer waits. */
  readonly marginSeconds: number;
}

/**
 * - `worthless`: the gas costs at least what the sender gets
 * - `wait`: it pays, and would pay better with more in it
 * - `clear`: it pays well enough
 * - `urgent`: it pays, and may be lost if it waits
 */
export type ClearingDecision = "worthless" | "wait" | "clear" | "urgent";

/** Measured, rounded up: a node that earns for the first time costs a fresh storage slot. */
const GAS = { base: 25_000n, node: 23_000n, lease: 14_000n } as const;
const WEI = 10n ** 18n;

/** The most gas that a clearing of so many nodes and leases is expected to need. */
export function clearingGas(nodes: number, leases: number): bigint {
  return GAS.base + GAS.node * BigInt(nodes) + GAS.lease * BigInt(leases);
}

/** What so much gas costs, base units of the payment token, rounded up. */
export function gasCost(gas: bigint, { gasPrice, coinPrice }: ClearingCosts): Amount {
  return (gas * gasPrice * coinPrice + WEI - 1n) / WEI;
}

/** What a clearing of so many nodes and leases costs, base units of the payment token, rounded up. */
export function clearingCost(nodes: number, leases: number, costs: ClearingCosts): Amount {
  return gasCost(clearingGas(nodes, leases), costs);
}

/** What one more lease adds to a clearing of the same nodes, base units: one that gives less is left out. */
export function leaseCost(costs: ClearingCosts): Amount {
  return gasCost(GAS.lease, costs);
}

export function decideClearing(question: ClearingQuestion): ClearingDecision {
  const { gain, nodes, leases, costShareBps, now, clearBy, marginSeconds } = question;
  const cost = clearingCost(nodes, leases, question);
  if (gain <= cost) return "worthless";
  if (clearBy !== undefined && now + marginSeconds >= clearBy) return "urgent";
  return cost * 10_000n <= gain * BigInt(costShareBps) ? "clear" : "wait";
}
