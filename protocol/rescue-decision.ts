// Decides what a node does for the money of one order that nobody has paid for yet: wait, ask the other nodes, claim with
// them, or force it. It never asks, signs or sends anything.
import type { Hex } from "viem";
import { type ClearingCosts, gasCost } from "./clearing-decision.ts";
import { quorumCount } from "./order.ts";
import type { Amount, NodeId, UnixSeconds } from "./units.ts";
import { dueOf } from "./voucher-price.ts";

/** What one node attested. */
export interface Said {
  readonly node: NodeId;
  readonly resultHash: Hex;
  readonly price: Amount;
}

/** What the node spends on gas; it never sends anything without. */
export interface RescueCosts extends ClearingCosts {
  /** The most of its gain that it spends while it can wait, 1/10,000. */
  readonly costShareBps: number;
  /** The most that one accusation may cost, base units: it pays nobody. */
  readonly accusationCost: Amount;
}

/** An order that the node has attested, as the node sees it. */
export interface RescueQuestion {
  readonly now: UnixSeconds;
  readonly attestedAt: UnixSeconds;
  readonly deadline: UnixSeconds;
  readonly graceSeconds: number;
  readonly maxPrice: Amount;
  readonly forceFee: Amount;
  readonly quorumBps: number;
  /** Nodes in the committee, and the place of this one, from 0. */
  readonly committee: number;
  readonly rank: number;
  readonly own: Said;
  /** What it holds of the others, each of another node. */
  readonly others: readonly Said[];
  /** Nothing pays for the order any more: it is settled, or its lease is closed. */
  readonly paid: boolean;
  /** It holds a voucher for the order that can still be cleared. */
  readonly covered: boolean;
  /** It has signed a claim of the order that can still be carried out. */
  readonly claimed: boolean;
  /** Some node did not sign the claim when it was last asked. */
  readonly claimRefused: boolean;
  /**
   * Every dissenter that it knows was dealt with: in a drawn lease it is accused at the court, in a chosen one its stake is
   * frozen for at least as long as this order would freeze it.
   */
  readonly dissentersAccused: boolean;
  /** Undefined: the node leaves all sending to the others. */
  readonly costs: RescueCosts | undefined;
}

export type RescueStep = "nothing" | "wait" | "ask" | "claim" | "settle" | "adjudicate" | "accuse";

/** Why, as the log says it. */
export type RescueReason =
  | "paid"
  | "too late"
  | "a voucher covers it"
  | "the consumer has time to pay"
  | "attestations are missing"
  | "dissent waits for the deadline"
  | "everybody agrees"
  | "a quorum agrees"
  | "a node dissents"
  | "a dissenter was left out"
  | "the others are the quorum"
  | "there is no quorum"
  | "another node goes first"
  | "the gas costs too much"
  | "the node pays for no gas";

export interface RescueDecision {
  readonly step: RescueStep;
  readonly because: RescueReason;
}

/** At most; a short order or grace makes each of them shorter. */
export const RESCUE = {
  /** What the consumer has to pay after an attestation before the nodes speak among themselves, seconds. */
  quietSeconds: 10,
  /** Before the deadline, from when on everybody's attestation is settled without the consumer, seconds. */
  earlySeconds: 60,
  /** After the deadline, how long missing attestations are waited for, seconds. */
  askSeconds: 30,
  /** What a node of a committee leaves to each one that is named before it, seconds. */
  turnSeconds: 10,
  /** Before an order can no longer be forced, from when on nothing waits for a better price, seconds. */
  marginSeconds: 300,
} as const;

/** Measured, rounded up: a node that earns for the first time costs a fresh storage slot. */
const GAS = { base: 45_000n, node: 32_000n, order: 15_000n } as const;

/** The most gas that forcing one order with so many attestations is expected to need. */
export function forcingGas(attestations: number): bigint {
  return GAS.base + GAS.node * BigInt(attestations);
}

/** The most gas that a claim of so many nodes and orders is expected to need. */
export function claimGas(committee: number, orders: number): bigint {
  return forcingGas(committee) + GAS.order * BigInt(orders);
}

/** From when on a node may speak of the order to others, Unix seconds. */
export function quietUntil({ attestedAt, deadline }: Pick<RescueQuestion, "attestedAt" | "deadline">): UnixSeconds {
  return attestedAt + Math.min(RESCUE.quietSeconds, Math.max(0, deadline - attestedAt) / 4);
}

/** From when on the order no longer waits for a claim or a better price, Unix seconds. */
export function lastCall({ deadline, graceSeconds }: Pick<RescueQuestion, "deadline" | "graceSeconds">): UnixSeconds {
  return deadline + graceSeconds - marginSeconds(graceSeconds);
}

/** From when on it no longer waits for the clearing of a voucher either: that has the first half of the margin. */
function voucherCall({ deadline, graceSeconds }: Pick<RescueQuestion, "deadline" | "graceSeconds">): UnixSeconds {
  return deadline + graceSeconds - marginSeconds(graceSeconds) / 2;
}

function marginSeconds(graceSeconds: number): number {
  return Math.min(RESCUE.marginSeconds, graceSeconds / 4);
}

/**
 * What to do for the order now. Until the deadline only everybody's attestation is settled, so that nobody who is in
 * time is cut out; afterwards a claim by everybody is cheapest, and a quorum is enough.
 */
export function decideRescue(question: RescueQuestion): RescueDecision {
  const { now, deadline, graceSeconds, paid } = question;
  if (now > deadline + graceSeconds) return to("nothing", "too late");
  if (paid) return now > deadline ? decideAccusation(question) : to("nothing", "paid");
  if (isCovered(question) && now < voucherCall(question)) return to("wait", "a voucher covers it");
  if (now < quietUntil(question)) return to("wait", "the consumer has time to pay");
  return now <= deadline ? decideInTime(question) : decideLate(question);
}

/** Whether a clearing may pay for it. None does while a signed claim stands. */
function isCovered({ covered, claimed }: Pick<RescueQuestion, "covered" | "claimed">): boolean {
  return covered && !claimed;
}

function decideInTime(question: RescueQuestion): RescueDecision {
  const { now, deadline, attestedAt, committee, rank, others } = question;
  if (others.length + 1 < committee) return to("ask", "attestations are missing");
  if (dissenters(question).length > 0) return to("wait", "dissent waits for the deadline");
  const early = Math.min(RESCUE.earlySeconds, Math.max(0, deadline - attestedAt) / 2);
  if (now < deadline - early) return to("wait", "the consumer has time to pay");
  if (now < deadline - early + (rank * early) / committee) return to("wait", "another node goes first");
  return ifItPays(question, to("settle", "everybody agrees"));
}

function decideLate(question: RescueQuestion): RescueDecision {
  const { now, deadline, graceSeconds, committee, quorumBps, others } = question;
  const alike = agreeing(question).length;
  const missing = committee - others.length - 1;
  const askUntil = deadline + askSeconds(question);
  const needed = quorumCount(quorumBps, committee);
  if (alike === committee) {
    const half = deadline + graceSeconds / 2;
    if (now < lastCall(question) && !(question.claimRefused && now >= half)) return to("claim", "everybody agrees");
    return inTurn(question, question.claimRefused ? half : lastCall(question), to("settle", "everybody agrees"));
  }
  if (missing > 0 && now < askUntil) return to("ask", "attestations are missing");
  const from = missing > 0 ? askUntil : deadline;
  const dissent = dissenters(question).length;
  if (alike >= needed) {
    return inTurn(question, from, dissent > 0 ? to("adjudicate", "a node dissents") : to("settle", "a quorum agrees"));
  }
  if (dissent >= needed) return to("nothing", "the others are the quorum");
  return alike + missing >= needed ? to("ask", "attestations are missing") : to("nothing", "there is no quorum");
}

/** A paid order may still be evidence against a node that whoever settled it left out. */
function decideAccusation(question: RescueQuestion): RescueDecision {
  const { costs, others, committee, quorumBps, deadline, dissentersAccused } = question;
  const proven = agreeing(question).length >= quorumCount(quorumBps, committee) && dissenters(question).length > 0;
  if (!proven || dissentersAccused) return to("nothing", "paid");
  if (costs === undefined) return to("nothing", "the node pays for no gas");
  if (gasCost(forcingGas(others.length + 1), costs) > costs.accusationCost) {
    return to("nothing", "the gas costs too much");
  }
  // Whoever settles may show the dissenter in the same call.
  return takeTurn(question, deadline + askSeconds(question), to("accuse", "a dissenter was left out"));
}

function inTurn(question: RescueQuestion, from: UnixSeconds, decision: RescueDecision): RescueDecision {
  const turn = takeTurn(question, isCovered(question) ? voucherCall(question) : from, decision);
  return turn === decision ? ifItPays(question, decision) : turn;
}

function takeTurn(question: RescueQuestion, from: UnixSeconds, decision: RescueDecision): RescueDecision {
  const { now, rank } = question;
  return now < from + rank * turnSeconds(question) ? to("wait", "another node goes first") : decision;
}

/** All turns together take at most a quarter of the margin. */
function turnSeconds({ graceSeconds, committee }: Pick<RescueQuestion, "graceSeconds" | "committee">): number {
  return Math.min(RESCUE.turnSeconds, marginSeconds(graceSeconds) / (4 * committee));
}

function askSeconds({ graceSeconds }: Pick<RescueQuestion, "graceSeconds">): number {
  return Math.min(RESCUE.askSeconds, graceSeconds / 8);
}

function ifItPays(question: RescueQuestion, decision: RescueDecision): RescueDecision {
  const { costs, now, others } = question;
  if (costs === undefined) return to("wait", "the node pays for no gas");
  const cost = gasCost(forcingGas(others.length + 1), costs);
  const isUrgent = now >= lastCall(question);
  return pays(forcingGain(question), cost, costs, isUrgent) ? decision : to("wait", "the gas costs too much");
}

/** What forcing the order now gives the node that sends it, base units. */
export function forcingGain(question: RescueQuestion): Amount {
  const { now, deadline, forceFee } = question;
  return gainOf(question) + (now > deadline ? forceFee : 0n);
}

/** What forcing the order gives the node itself, without the fee, base units. */
export function gainOf(question: Pick<RescueQuestion, "own" | "others" | "maxPrice">): Amount {
  const prices = agreeing(question).map(({ price }) => price);
  return dueOf(question.own.price, prices, question.maxPrice);
}

function agreeing({ own, others }: Pick<RescueQuestion, "own" | "others">): Said[] {
  return [own, ...others.filter(({ resultHash }) => resultHash === own.resultHash)];
}

/** Those that attested another result than this node. */
export function dissenters({ own, others }: Pick<RescueQuestion, "own" | "others">): Said[] {
  return others.filter(({ resultHash }) => resultHash !== own.resultHash);
}

/** Orders of one lease that everybody attested alike and that are past their deadlines. */
export interface ClaimQuestion {
  readonly now: UnixSeconds;
  readonly graceSeconds: number;
  readonly committee: number;
  readonly rank: number;
  readonly orders: readonly { readonly deadline: UnixSeconds; readonly forceFee: Amount }[];
  /** What each node gets by the claim, base units. */
  readonly perNode: Amount;
  /** Whether the lease has orders that could be claimed together with these a little later. */
  readonly moreFollow: boolean;
  readonly costs: RescueCosts | undefined;
}

export type ClaimDecision =
  | "claim"
  | "more follow"
  | "another node goes first"
  | "too dear"
  | "the node pays for no gas";

/** Whether to propose the claim now. It waits for more orders as long as the first of these has half of its grace left. */
export function decideClaim(question: ClaimQuestion): ClaimDecision {
  const { now, graceSeconds, committee, rank, orders, moreFollow, costs } = question;
  if (costs === undefined) return "the node pays for no gas";
  const deadlines = orders.map(({ deadline }) => deadline);
  const first = Math.min(...deadlines);
  const more = first + graceSeconds / 4;
  if (moreFollow && now < more) return "more follow";
  const ready = Math.min(Math.max(...deadlines), more) + rank * turnSeconds({ graceSeconds, committee });
  if (now < ready) return "another node goes first";
  const cost = gasCost(claimGas(committee, orders.length), costs);
  return pays(claimGain(question), cost, costs, now >= claimCall(question)) ? "claim" : "too dear";
}

/** What the claim gives the node that sends it, base units. */
export function claimGain({ orders, perNode }: Pick<ClaimQuestion, "orders" | "perNode">): Amount {
  return orders.reduce((sum, { forceFee }) => sum + forceFee, perNode);
}

/** From when on the claim waits for no better price, Unix seconds. */
export function claimCall({ orders, graceSeconds }: Pick<ClaimQuestion, "orders" | "graceSeconds">): UnixSeconds {
  return Math.min(...orders.map(({ deadline }) => deadline)) + graceSeconds / 2;
}

function pays(gain: Amount, cost: Amount, { costShareBps }: RescueCosts, urgent: boolean): boolean {
  if (gain <= cost) return false;
  return urgent || cost * 10_000n <= gain * BigInt(costShareBps);
}

function to(step: RescueStep, because: RescueReason): RescueDecision {
  return { step, because };
}
