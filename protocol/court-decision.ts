// Decides what a node does at the court: for an order that it attested, and as a juror for an order of others. It never
// runs an order, signs a verdict or sends anything.
import type { Hex } from "viem";
import { type ClearingCosts, gasCost } from "./clearing-decision.ts";
import { quorumCount } from "./order.ts";
import { dissenters, type Said } from "./rescue-decision.ts";
import type { Amount, NodeId, UnixSeconds } from "./units.ts";
import { verdictSeats } from "./verdict.ts";

/** What the node spends on gas; it never sends anything without. */
export interface CourtCosts extends ClearingCosts {
  /** The most that one call may cost that defends the node's stake or serves a jury, base units. */
  readonly courtCost: Amount;
  /** The most that one call may cost that only takes somebody else's stake, base units. */
  readonly accusationCost: Amount;
}

/** At most; a short time makes each of them shorter. */
const COURT = {
  /** What each juror, or node of a committee, leaves to who is named before it, seconds. */
  turnSeconds: 10,
  /** Who has enough votes waits so long for the others', since only those in the verdict are paid, seconds. */
  gatherSeconds: 60,
} as const;

/** Measured, rounded up. */
const GAS = { appeal: 260_000n, frozen: 70_000n, punish: 120_000n, punished: 120_000n } as const;
const JURY_GAS = { base: 500_000n, seat: 25_000n } as const;
/** Registering a juror's key, recording a beacon and proving an equivocation cost less than this, each. */
export const SINGLE_CALL_GAS = 350_000n;

export function appealGas(attestations: number): bigint {
  return GAS.appeal + GAS.frozen * BigInt(attestations);
}

export function punishGas(attestations: number): bigint {
  return GAS.punish + GAS.punished * BigInt(attestations);
}

/** Of a verdict; paying the jury costs less. */
export function verdictGas(seats: number): bigint {
  return JURY_GAS.base + JURY_GAS.seat * BigInt(seats);
}

/** An order that the node attested, in a lease whose committee was drawn, and for which somebody was accused. */
export interface DefenceQuestion {
  readonly now: UnixSeconds;
  readonly deadline: UnixSeconds;
  readonly graceSeconds: number;
  readonly quorumBps: number;
  readonly committee: number;
  readonly rank: number;
  readonly own: Said;
  /** What it holds of the others, each of another node. */
  readonly others: readonly Said[];
  readonly accused: readonly NodeId[];
  /** Somebody has appealed. */
  readonly appealed: boolean;
  /** Undefined: the node sends nothing. */
  readonly costs: CourtCosts | undefined;
}

export type DefenceStep = "nothing" | "wait" | "ask" | "appeal" | "punish";

export interface DefenceDecision {
  readonly step: DefenceStep;
  readonly because:
    | "too late"
    | "the jury has the word"
    | "the appeal is over"
    | "nobody shows the others' attestations"
    | "the node is accused"
    | "the accused may still appeal"
    | "nobody appealed"
    | "there is no majority"
    | "another node goes first"
    | "the gas costs too much"
    | "the node pays for no gas";
}

/** What to do for it now: who is accused appeals at once, and whom nobody appealed for is punished afterwards. */
export function decideDefence(question: DefenceQuestion): DefenceDecision {
  const { now, deadline, graceSeconds, own, appealed, accused, costs } = question;
  if (now > deadline + 4 * graceSeconds) return because("nothing", "too late");
  if (appealed) return because("nothing", "the jury has the word");
  const appealUntil = deadline + 2 * graceSeconds;
  if (accused.includes(own.node)) {
    if (now > appealUntil) return because("nothing", "the appeal is over");
    // Its accusers need not show it theirs; its own is enough, though a jury punishes only liars that somebody shows.
    const isAsking = now < deadline + 1.5 * graceSeconds;
    if (dissenters(question).length === 0 && isAsking) return because("ask", "nobody shows the others' attestations");
    if (costs === undefined) return because("nothing", "the node pays for no gas");
    const cost = gasCost(appealGas(question.others.length + 1), costs);
    if (cost > costs.courtCost) return because("wait", "the gas costs too much");
    return because("appeal", "the node is accused");
  }
  return now > appealUntil ? decidePunishment(question) : because("wait", "the accused may still appeal");
}

function decidePunishment(question: DefenceQuestion): DefenceDecision {
  const { now, deadline, graceSeconds, quorumBps, committee, rank, others, accused, costs } = question;
  const liars = dissenters(question).filter(({ node }) => accused.includes(node));
  const alike = others.length + 1 - dissenters(question).length;
  if (liars.length === 0 || alike < quorumCount(quorumBps, committee)) {
    return because("nothing", "there is no majority");
  }
  if (costs === undefined) return because("nothing", "the node pays for no gas");
  if (gasCost(punishGas(others.length + 1), costs) > costs.accusationCost) {
    return because("wait", "the gas costs too much");
  }
  const from = deadline + 2 * graceSeconds;
  const turn = turnSeconds(from, deadline + 4 * graceSeconds, committee);
  if (now <= from + rank * turn) return because("wait", "another node goes first");
  return because("punish", "nobody appealed");
}

/** A case whose order was not this node's committee's. */
export interface DutyQuestion {
  readonly now: UnixSeconds;
  readonly closesAt: UnixSeconds;
  readonly state: "open" | "decided" | "closed";
  /** In the jury, from 0. */
  readonly seat: number;
  readonly seats: number;
  /** What the node has signed, or must sign since it has stored it. */
  readonly own: Hex | undefined;
  /** How many jurors, this node among them, signed the same, and how many signed at all. */
  readonly alike: number;
  readonly voices: number;
  /** When the node first had enough votes, or first saw the verdict, whichever its step needs. */
  readonly readySince: UnixSeconds;
  /** Nodes whose attestations differ from the verdict and that are not known to be punished. */
  readonly liars: number;
  /** All that it would have to show. */
  readonly attestations: number;
  readonly costs: CourtCosts | undefined;
}

export type DutyStep = "nothing" | "wait" | "judge" | "gather" | "decide" | "punish" | "pay";

/**
 * What a juror does now. It runs the order once and signs once; then it gathers, and whoever's turn it is hands the
 * verdict in, carries it out and pays the jury.
 */
export function decideDuty(question: DutyQuestion): DutyStep {
  const { state, now, closesAt, own, alike, voices, seats, readySince, costs } = question;
  if (state === "closed" || now > closesAt) return "nothing";
  if (state === "decided") return carryOut(question);
  if (own === undefined) return "judge";
  if (alike < verdictSeats(seats)) return "gather";
  const all = voices === seats;
  const gathered = all ? readySince : readySince + Math.min(COURT.gatherSeconds, (closesAt - readySince) / 8);
  if (now < gathered) return "gather";
  if (costs === undefined || gasCost(verdictGas(seats), costs) > costs.courtCost) return "wait";
  return isTurn(question, gathered) ? "decide" : "wait";
}

function carryOut(question: DutyQuestion): DutyStep {
  const { readySince, liars, attestations, seats, costs } = question;
  if (costs === undefined) return "nothing";
  const gas = liars > 0 ? punishGas(attestations) : verdictGas(seats);
  if (gasCost(gas, costs) > costs.courtCost) return "wait";
  if (!isTurn(question, readySince)) return "wait";
  return liars > 0 ? "punish" : "pay";
}

function isTurn({ now, closesAt, seat, seats }: DutyQuestion, from: UnixSeconds): boolean {
  return now >= from + seat * turnSeconds(from, closesAt, seats);
}

/** All turns together take at most a quarter of the time that is left. */
function turnSeconds(from: UnixSeconds, until: UnixSeconds, parties: number): number {
  return Math.min(COURT.turnSeconds, Math.max(0, until - from) / (4 * parties));
}

/** Whether a node records the beacon of a case now: all may, and they go one after the other, in an order of chance. */
export function recordsNow(now: UnixSeconds, readySince: UnixSeconds, order: Hex, node: NodeId): boolean {
  const place = Number((BigInt(order) ^ BigInt(node)) % BigInt(RECORD_PLACES));
  return now >= readySince + place * COURT.turnSeconds;
}

const RECORD_PLACES = 8;

function because(step: DefenceStep, reason: DefenceDecision["because"]): DefenceDecision {
  return { step, because: reason };
}
