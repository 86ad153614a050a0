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

/** Of one node. `confirmed`: it is slashed for what counts against it already. */
export type Verdict = "valid" | "invalid" | "confirmed";

/** What has counted for the same node before. */
export interface Counted {
  /** Anything of the fact's lease. */
  readonly lease: boolean;
  /** A fault in the fact's order, and which: dissent no longer counts once a jury has judged the order. */
  readonly order: "dissented" | "slashed" | undefined;
  /** A jury has judged the fact's order. */
  readonly judged: boolean;
}

/** Nodes that must be paid for the same answer: one alone was checked by nobody. */
const AGREEING_MIN = 2;

/**
 * How a fact counts; undefined when it does not.
 *
 * A lease counts once for a node, as what it first was: the same committee checks all of its orders, so a lucky draw of
 * friends is worth one, however many orders follow. A fault counts once an order, whoever shows it. Once a jury has judged
 * an order, only who is slashed for it was wrong, whatever its committee said.
 */
export function verdictOf(fact: ReputationFact, counted: Counted): Verdict | undefined {
  switch (fact.kind) {
    case "agreed":
      return fact.drawn && fact.paid >= AGREEING_MIN && !counted.lease ? "valid" : undefined;
    case "dissented":
      return fact.drawn && !counted.order && !counted.judged ? "invalid" : undefined;
    case "slashed":
      if (counted.order === "slashed") return undefined;
      return counted.order ? "confirmed" : "invalid";
  }
}

export function nextReputation(record: Reputation, verdict: Verdict): Reputation {
  const { inARow, valid, invalid } = record;
  switch (verdict) {
    case "valid":
      return { inARow: inARow + 1, valid: valid + 1, invalid };
    case "invalid":
      return { inARow: 0, valid, invalid: invalid + 1 };
    case "confirmed":
      return record;
  }
}

/** A fact that counted for one node. */
export interface Count {
  readonly kind: ReputationFact["kind"];
  /** Of a fault. */
  readonly order: Hex | null;
}

/** The record after all that counted for one node, in the chain's order, when juries have judged these orders. */
export function recordOf(counts: Iterable<Count>, judged: ReadonlySet<Hex>): Reputation {
  const faults = new Set<Hex>();
  let record = NO_REPUTATION;
  for (const { kind, order } of counts) {
    if (order === null) record = nextReputation(record, "valid");
    else if (!faults.has(order) && !(kind === "dissented" && judged.has(order))) {
      faults.add(order);
      record = nextReputation(record, "invalid");
    }
  }
  return record;
}

/** A jury has judged an order: what its committee said of each other counts no more. */
export interface Judgement {
  readonly kind: "judged";
  readonly order: Hex;
}

/** The records after `facts`, which are in the chain's order. A node without one has NO_REPUTATION. */
export function foldReputations(facts: Iterable<ReputationFact | Judgement>): ReadonlyMap<NodeId, Reputation> {
  const counts = new Map<NodeId, (Count & { readonly lease: Hex | null })[]>();
  const judged = new Set<Hex>();
  for (const fact of facts) {
    if (fact.kind === "judged") {
      judged.add(fact.order);
      continue;
    }
    const { kind, node } = fact;
    const [lease, order] = ["lease" in fact ? fact.lease : null, "order" in fact ? fact.order : null];
    const earlier = counts.get(node) ?? [];
    const verdict = verdictOf(fact, {
      lease: lease !== null && earlier.some((each) => each.lease === lease),
      order: order === null ? undefined : standingFault(earlier, order, judged.has(order)),
      judged: order !== null && judged.has(order),
    });
    if (verdict) counts.set(node, [...earlier, { kind, lease, order }]);
  }
  return new Map([...counts].map(([node, all]) => [node, recordOf(all, judged)]));
}

/** What counts against the node for the order, of all that did. */
export function standingFault(counts: readonly Count[], order: Hex, judged: boolean): Counted["order"] {
  const kinds = counts.filter((each) => each.order === order).map(({ kind }) => kind);
  if (kinds.includes("slashed")) return "slashed";
  return kinds.includes("dissented") && !judged ? "dissented" : undefined;
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
