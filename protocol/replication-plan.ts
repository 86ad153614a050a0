// Decides how many nodes run a job so that its answer is right with the wanted probability, for the least money.
// It never throws a die: chance comes in as an argument.
import type { Address } from "viem";
import { LIMITS } from "./limits.ts";
import { ProtocolError } from "./protocol-error.ts";
import { errorRate, spotCheckShare, TRUSTED_FROM } from "./reputation.ts";
import type { Amount, NodeId } from "./units.ts";

/** The assumed share of nodes that act together, all to give the same wrong answer. */
export const COLLUDING_SHARE = 0.1;

/**
 * The probability that an answer is right, given that a quorum of the committee gave it.
 *
 * A node is wrong with its error rate. As far as that is at most `colluding`, it is wrong together with all others that
 * are; beyond it alone, and then with an answer that nobody else gives.
 * @param inARow right answers in a row of each node
 */
export function answerConfidence(inARow: readonly number[], quorum: number, colluding = COLLUDING_SHARE): number {
  const rates = inARow.map(errorRate);
  if (rates.length === 1 && quorum === 1) return 1 - (rates[0] ?? 1);
  const right = atLeast(
    quorum,
    rates.map((rate) => 1 - rate),
  );
  const wrong = atLeast(
    quorum,
    rates.map((rate) => Math.min(rate, colluding)),
  );
  return right / (right + wrong);
}

/** The probability that at least `count` of independent events happen. */
function atLeast(count: number, probabilities: readonly number[]): number {
  let exactly = [1];
  for (const probability of probabilities) {
    const next = new Array<number>(exactly.length + 1).fill(0);
    for (const [happened, share] of exactly.entries()) {
      next[happened] = (next[happened] ?? 0) + share * (1 - probability);
      next[happened + 1] = (next[happened + 1] ?? 0) + share * probability;
    }
    exactly = next;
  }
  return exactly.slice(count).reduce((sum, share) => sum + share, 0);
}

/** More than half. */
export function majorityOf(replicas: number): number {
  return Math.floor(replicas / 2) + 1;
}

/** A node that could serve, and what one job costs there. */
export interface Candidate {
  readonly node: NodeId;
  readonly owner: Address;
  readonly price: Amount;
  /** Right answers in a row, as far as the consumer believes them. */
  readonly inARow: number;
}

export interface PlannedCommittee {
  /** As many as there are replicas, each of another owner. */
  readonly seats: readonly Candidate[];
  readonly quorum: number;
  /** The shortest record with which a node may sit in it. */
  readonly inARowMin: number;
  /** Of any committee of this size whose records are no shorter than `inARowMin`. */
  readonly confidence: number;
  readonly price: Amount;
}

export interface ReplicationPlan {
  /** What this job gets. */
  readonly committee: PlannedCommittee;
  /** One node would be enough, but it is checked this time. */
  readonly spotCheck: boolean;
  /** How often a job like this is checked; 1 when it is always replicated. */
  readonly checkedShare: number;
  /** The cheapest single node; absent when none is trusted so far, or when it is dearer than a committee. */
  readonly alone?: PlannedCommittee;
  /** The cheapest committee of three or more. */
  readonly replicated: PlannedCommittee;
}

export interface PlanInput {
  /** Wanted probability that the answer is right. */
  readonly confidence: number;
  /** In the order in which they are preferred: the cheapest first. */
  readonly candidates: readonly Candidate[];
  /** Uniform in [0, 1). */
  readonly chance: number;
  readonly colluding?: number;
}

/** @throws `confidence-out-of-range`, `confidence-out-of-reach` */
export function planReplication(input: PlanInput): ReplicationPlan {
  const { confidence, candidates, chance } = input;
  requireConfidence(confidence);
  const replicated = cheapestReplicated(input);
  if (!replicated) throw outOfReach(input);
  const lone = planCommittee(input, 1, TRUSTED_FROM);
  const alone = lone && lone.price < replicated.price ? lone : undefined;
  const [node] = alone?.seats ?? [];
  if (!alone || !node) return { committee: replicated, spotCheck: false, checkedShare: 1, replicated };
  const checkedShare = spotCheckShare(node.inARow);
  const spotCheck = chance < checkedShare;
  const committee = spotCheck ? withSeat(replicated, node, candidates) : alone;
  return { committee, spotCheck, checkedShare, alone, replicated };
}

/** What such jobs cost on average, base units, rounded up. */
export function expectedCost({ alone, replicated, checkedShare }: ReplicationPlan): Amount {
  if (!alone) return replicated.price;
  const parts = 1_000_000;
  const checked = BigInt(Math.ceil(checkedShare * parts));
  const sum = replicated.price * checked + alone.price * (BigInt(parts) - checked);
  return (sum + BigInt(parts) - 1n) / BigInt(parts);
}

function cheapestReplicated(input: PlanInput): PlannedCommittee | undefined {
  let cheapest: PlannedCommittee | undefined;
  for (let replicas = 3; replicas <= LIMITS.committeeNodes; replicas += 2) {
    const committee = planCommittee(input, replicas, 0);
    if (committee && (!cheapest || committee.price < cheapest.price)) cheapest = committee;
  }
  return cheapest;
}

/**
 * The cheapest committee of this size out of nodes that are good enough for any choice among them; undefined when too
 * few are.
 */
function planCommittee(
  { confidence, candidates, colluding }: PlanInput,
  replicas: number,
  inARowLeast: number,
): PlannedCommittee | undefined {
  const quorum = majorityOf(replicas);
  const reached = (inARow: number) => answerConfidence(new Array(replicas).fill(inARow), quorum, colluding);
  const records = [...new Set([inARowLeast, ...candidates.map(({ inARow }) => inARow)])]
    .filter((inARow) => inARow >= inARowLeast)
    .sort((a, b) => a - b);
  const inARowMin = records.find((inARow) => reached(inARow) >= confidence);
  if (inARowMin === undefined) return undefined;
  const seats = ofDifferentOwners(candidates.filter(({ inARow }) => inARow >= inARowMin)).slice(0, replicas);
  if (seats.length < replicas) return undefined;
  return { seats, quorum, inARowMin, confidence: reached(inARowMin), price: priceOf(seats) };
}

/** The committee with the node that is to be checked in it. */
function withSeat(committee: PlannedCommittee, node: Candidate, candidates: readonly Candidate[]): PlannedCommittee {
  const able = candidates.filter(({ inARow }) => inARow >= committee.inARowMin);
  const seats = ofDifferentOwners([node, ...able]).slice(0, committee.seats.length);
  return { ...committee, seats, price: priceOf(seats) };
}

function ofDifferentOwners(candidates: readonly Candidate[]): readonly Candidate[] {
  const owners = new Set<Address>();
  return candidates.filter(({ owner }) => !owners.has(owner) && owners.add(owner));
}

function priceOf(seats: readonly Candidate[]): Amount {
  return seats.reduce((sum, { price }) => sum + price, 0n);
}

function requireConfidence(confidence: number): void {
  if (confidence >= 0.5 && confidence < 1) return;
  throw new ProtocolError("invalid", "confidence-out-of-range", `A confidence of ${confidence} cannot be had.`, {
    hint: "Give one from 0.5 to below 1, such as 0.99.",
    context: { confidence, min: 0.5 },
  });
}

function outOfReach({ confidence, candidates, colluding }: PlanInput): ProtocolError {
  const best = ofDifferentOwners(candidates.toSorted((a, b) => b.inARow - a.inARow)).slice(0, LIMITS.committeeNodes);
  const size = best.length - ((best.length + 1) % 2);
  const seats = best.slice(0, Math.max(0, size)).map(({ inARow }) => inARow);
  const reached = seats.length < 3 ? undefined : answerConfidence(seats, majorityOf(seats.length), colluding);
  const have =
    reached === undefined
      ? `${best.length} nodes of different owners can serve, at least 3 are needed`
      : `the ${seats.length} best nodes give ${reached.toFixed(6)}`;
  return new ProtocolError("not-found", "confidence-out-of-reach", `No committee gives ${confidence}: ${have}.`, {
    hint: "Ask for less, wait for more offers, or name the replicas yourself.",
    context: { confidence, reached, owners: best.length },
    retryable: true,
  });
}
