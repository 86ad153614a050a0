// Decides what a node's record on chain is worth: which facts count, how a record grows, and how often its node is
// expected to be wrong. It never draws chance, and a lease whose committee was chosen never counts.
import type { Hex } from "viem";
import type { NodeId } from "./units.ts";

/** What is known of one node from settled work. Totals are for people; only `inARow` decides. */
export interface Reputation {
  /** Leases since the last fault in which the node was paid for an answer on which others agreed. */
  readonly inARow: number;
  /** Such leases altogether. */
  readonly valid: number;
  /** Faults altogether. */
  readonly invalid: number;
}

/** Of a new node, and of a new key of an old one. */
export const NO_REPUTATION: Reputation = { inARow: 0, valid: 0, invalid: 0 };

/**
 * What the chain can say of a node. Of a node that was silent it says nothing: it cannot tell one that gave no
 * attestation from one whose attestation the sender left out, so a consumer could ruin nodes by not showing them.
 */
export type ReputationFact =
  /** Paid for an order, a claim or a clearing, together with `paid` nodes of the committee in all. */
  | {
      readonly kind: "agreed";
      readonly node: NodeId;
      readonly lease: Hex;
      readonly drawn: boolean;
      readonly paid: number;
    }
  /** Attested to another result than the quorum of this order. */
  | {
      readonly kind: "dissented";
      readonly node: NodeId;
      readonly lease: Hex;
      readonly drawn: boolean;
      readonly order: Hex;
    }
  /** Punished for an order, by its id. Only drawn leases lead there, or two signatures that contradict each other. */
  | { readonly kind: "slashed"; readonly node: NodeId; readonly order: Hex };

export type Verdict = "valid" | "invalid";

/** What has counted for the same node before. */
export interface Counted {
  /** Anything of the fact's lease. */
  readonly lease: boolean;
  /** A fault in the fact's order. */
  readonly order: boolean;
}

/** Nodes that must be paid for the same answer: one alone was checked by nobody. */
const AGREEING_MIN = 2;

/**
 * How a fact counts; undefined when it does not.
 *
 * A lease counts once for a node, as what it first was: the same committee checks all of its orders, so a lucky draw of
 * friends is worth one, however many orders follow. A fault counts once an order, whoever shows it.
 */
export function verdictOf(fact: ReputationFact, counted: Counted): Verdict | undefined {
  switch (fact.kind) {
    case "agreed":
      return fact.drawn && fact.paid >= AGREEING_MIN && !counted.lease ? "valid" : undefined;
    case "dissented":
      return fact.drawn && !counted.order ? "invalid" : undefined;
    case "slashed":
      return counted.order ? undefined : "invalid";
  }
}

export function nextReputation({ inARow, valid, invalid }: Reputation, verdict: Verdict): Reputation {
  return verdict === "valid"
    ? { inARow: inARow + 1, valid: valid + 1, invalid }
    : { inARow: 0, valid, invalid: invalid + 1 };
}

/** The records after `facts`, which are in the chain's order. A node without one has NO_REPUTATION. */
export function foldReputations(facts: Iterable<ReputationFact>): ReadonlyMap<NodeId, Reputation> {
  const records = new Map<NodeId, Reputation>();
  const leases = new Set<string>();
  const faults = new Set<string>();
  for (const fact of facts) {
    const { node } = fact;
    const lease = "lease" in fact && `${node} ${fact.lease}`;
    const order = "order" in fact && `${node} ${fact.order}`;
    const counted = { lease: lease !== false && leases.has(lease), order: order !== false && faults.has(order) };
    const verdict = verdictOf(fact, counted);
    if (!verdict) continue;
    if (lease !== false) leases.add(lease);
    if (order !== false) faults.add(order);
    records.set(node, nextReputation(records.get(node) ?? NO_REPUTATION, verdict));
  }
  return records;
}

/** Of a node of which nothing is known, one answer in so many is expected to be wrong: BOINC's start too. */
const PRIOR_ANSWERS = 10;

/**
 * The share of a node's answers that is expected to be wrong, after so many right ones in a row: Laplace's rule of
 * succession, begun with one wrong answer in ten instead of one in two. It looks at nothing older than the last fault,
 * so that no record is worse than none, and nobody gains by a new key.
 */
export function errorRate(inARow: number): number {
  return 1 / (inARow + PRIOR_ANSWERS);
}

/** Right answers in a row before which a node's every answer is replicated. */
export const TRUSTED_FROM = 10;

/** How often a lone node's job is replicated all the same: never less often than its record is long. */
export function spotCheckShare(inARow: number): number {
  return inARow < TRUSTED_FROM ? 1 : 1 / inARow;
}

/**
 * The answers in a row on which one consumer may build. A marketplace's word stands for the first ten at most, and for
 * nothing once the consumer itself has seen the node fail; what is beyond that, the consumer has checked itself.
 * @param own answers that the consumer has compared with those of its own machine
 */
export function believedInARow(told: Reputation, own: Reputation): number {
  return own.invalid > 0 ? own.inARow : own.inARow + Math.min(told.inARow, TRUSTED_FROM);
}
