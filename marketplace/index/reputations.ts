// Records of nodes from what the chain has settled. protocol/reputation.ts says what counts; here it is kept, one row for
// each fact that did, so that a reorganisation only drops rows.
import { and, desc, eq, ne, type SQL } from "drizzle-orm";
import type { Hex } from "viem";
import {
  type Count,
  NO_REPUTATION,
  nextReputation,
  type Reputation,
  type ReputationFact,
  recordOf,
  standingFault,
  verdictOf,
} from "#protocol/reputation.ts";
import type { NodeId } from "#protocol/units.ts";
import type { Reader, Writer } from "../store/open-store.ts";
import { drawnLeases, judgedOrders, leases, payments, reputationFacts } from "../store/schema.ts";
import type { Place } from "./change-lease.ts";

/** The node's present record. */
export function reputationOf(reader: Reader, node: NodeId): Reputation {
  const { inARow, valid, invalid } = reputationFacts;
  const newest = reader
    .select({ inARow, valid, invalid })
    .from(reputationFacts)
    .where(eq(reputationFacts.node, node))
    .orderBy(desc(reputationFacts.block), desc(reputationFacts.logIndex))
    .limit(1)
    .get();
  return newest ?? NO_REPUTATION;
}

/** From here on the lease counts. What came before it is proven does not, so that no good answers can be held back. */
export function noteDrawn(writer: Writer, place: Place, lease: Hex): void {
  writer
    .insert(drawnLeases)
    .values({ lease, ...place })
    .onConflictDoNothing()
    .run();
}

/** Those paid for this order or claim agreed. Answers the nodes whose records changed. */
export function noteAgreed(writer: Writer, place: Place, lease: Hex, order: Hex): readonly NodeId[] {
  const paid = writer
    .select({ node: payments.node })
    .from(payments)
    .where(and(eq(payments.paidFor, order), ne(payments.amount, 0n)))
    .all();
  return noteAgreement(
    writer,
    place,
    lease,
    paid.map(({ node }) => node),
  );
}

/** The consumer paid the whole committee by a voucher. Answers the nodes whose records changed. */
export function noteCleared(writer: Writer, place: Place, lease: Hex, total: bigint): readonly NodeId[] {
  const committee = writer.select({ nodes: leases.nodes }).from(leases).where(eq(leases.lease, lease)).get();
  if (!committee || total === 0n) return [];
  return noteAgreement(writer, place, lease, JSON.parse(committee.nodes) as NodeId[]);
}

/** The node attested another result than a quorum of the committee. Only the court of a drawn lease accuses. */
export function noteAccused(
  writer: Writer,
  place: Place,
  { node, leaseId: lease, orderId: order }: { readonly node: NodeId; readonly leaseId: Hex; readonly orderId: Hex },
): readonly NodeId[] {
  return note(writer, place, { kind: "dissented", node, lease, drawn: isDrawn(writer, lease), order });
}

export function noteSlashed(writer: Writer, place: Place, node: NodeId, order: Hex): readonly NodeId[] {
  return note(writer, place, { kind: "slashed", node, order });
}

function noteAgreement(writer: Writer, place: Place, lease: Hex, nodes: readonly NodeId[]): readonly NodeId[] {
  const drawn = isDrawn(writer, lease);
  return nodes.flatMap((node) => note(writer, place, { kind: "agreed", node, lease, drawn, paid: nodes.length }));
}

function isDrawn(reader: Reader, lease: Hex): boolean {
  return reader.select().from(drawnLeases).where(eq(drawnLeases.lease, lease)).get() !== undefined;
}

function note(writer: Writer, place: Place, fact: ReputationFact): readonly NodeId[] {
  const { node, kind } = fact;
  const lease = "lease" in fact ? fact.lease : null;
  const order = "order" in fact ? fact.order : null;
  const judged = order !== null && isJudged(writer, order);
  const verdict = verdictOf(fact, {
    lease: lease !== null && hasCounted(writer, node, lease),
    order:
      order === null
        ? undefined
        : standingFault(countsOf(writer, node, eq(reputationFacts.order, order)), order, judged),
    judged,
  });
  if (!verdict) return [];
  const next = nextReputation(reputationOf(writer, node), verdict);
  writer
    .insert(reputationFacts)
    .values({ ...place, node, kind, lease, order, ...next })
    .run();
  return [node];
}

/** What the committee said of its nodes counts no more: who was wrong is slashed. Answers those whom it was said of. */
export function noteJudged(writer: Writer, place: Place, order: Hex): readonly NodeId[] {
  writer
    .insert(judgedOrders)
    .values({ order, ...place })
    .onConflictDoNothing()
    .run();
  const accused = writer
    .select({ node: reputationFacts.node })
    .from(reputationFacts)
    .where(and(eq(reputationFacts.order, order), eq(reputationFacts.kind, "dissented")))
    .all();
  for (const { node } of accused) {
    const record = recordOf(countsOf(writer, node), judgedOf(writer, node));
    writer
      .insert(reputationFacts)
      .values({ ...place, node, kind: "cleared", lease: null, order, ...record })
      .run();
  }
  return accused.map(({ node }) => node);
}

function hasCounted(reader: Reader, node: NodeId, lease: Hex): boolean {
  const same = and(eq(reputationFacts.node, node), eq(reputationFacts.lease, lease));
  return reader.select({ node: reputationFacts.node }).from(reputationFacts).where(same).limit(1).get() !== undefined;
}

/** Oldest first. */
function countsOf(reader: Reader, node: NodeId, which?: SQL): readonly Count[] {
  const rows = reader
    .select({ kind: reputationFacts.kind, order: reputationFacts.order })
    .from(reputationFacts)
    .where(and(eq(reputationFacts.node, node), which))
    .orderBy(reputationFacts.block, reputationFacts.logIndex)
    .all();
  return rows.flatMap(({ kind, order }) => (kind === "cleared" ? [] : { kind, order }));
}

function isJudged(reader: Reader, order: Hex): boolean {
  return reader.select().from(judgedOrders).where(eq(judgedOrders.order, order)).get() !== undefined;
}

function judgedOf(reader: Reader, node: NodeId): ReadonlySet<Hex> {
  const rows = reader
    .select({ order: judgedOrders.order })
    .from(judgedOrders)
    .innerJoin(reputationFacts, eq(reputationFacts.order, judgedOrders.order))
    .where(eq(reputationFacts.node, node))
    .all();
  return new Set(rows.map(({ order }) => order));
}
