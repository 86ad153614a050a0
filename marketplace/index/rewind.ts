// Takes back what a block and all after it said: the rows are then as if those blocks had never been.
import { and, desc, eq, gte, isNotNull } from "drizzle-orm";
import type { NodeId } from "#protocol/units.ts";
import type { Writer } from "../store/open-store.ts";
import {
  chainState,
  claims,
  drawnLeases,
  earningsByMinute,
  holdings,
  judgedOrders,
  leaseChanges,
  leases,
  nodes,
  orders,
  owners,
  payments,
  profitShares,
  reputationFacts,
  stakes,
} from "../store/schema.ts";
import { addLeaseChange, addPayment, countNode } from "./sums.ts";

/** Facts of which no sum is kept: those of the blocks that are gone are dropped. */
const RECORDS = [reputationFacts, judgedOrders, drawnLeases, stakes, holdings, profitShares] as const;

/** Answers the nodes whose registration is gone. */
export function rewind(writer: Writer, from: number): readonly NodeId[] {
  for (const payment of writer.delete(payments).where(gte(payments.block, from)).returning().all()) {
    addPayment(writer, payment, -1);
  }
  writer.delete(orders).where(gte(orders.block, from)).run();
  writer.delete(claims).where(gte(claims.block, from)).run();
  writer.delete(leases).where(gte(leases.block, from)).run();
  for (const change of writer.delete(leaseChanges).where(gte(leaseChanges.block, from)).returning().all()) {
    addLeaseChange(writer, change.lease, change, -1);
    if (change.closes) writer.update(leases).set({ closed: false }).where(eq(leases.lease, change.lease)).run();
    if (change.expiry !== null) restoreExpiry(writer, change.lease);
  }
  for (const table of RECORDS) writer.delete(table).where(gte(table.block, from)).run();
  const gone = writer.delete(nodes).where(gte(nodes.block, from)).returning().all();
  for (const { owner } of gone) countNode(writer, owner, -1);
  return gone.map(({ node }) => node);
}

function restoreExpiry(writer: Writer, lease: (typeof leases.$inferSelect)["lease"]): void {
  const last = writer
    .select({ expiry: leaseChanges.expiry })
    .from(leaseChanges)
    .where(and(eq(leaseChanges.lease, lease), isNotNull(leaseChanges.expiry)))
    .orderBy(desc(leaseChanges.block), desc(leaseChanges.logIndex))
    .get();
  if (last?.expiry != null) writer.update(leases).set({ expiry: last.expiry }).where(eq(leases.lease, lease)).run();
}

/** Forgets everything that came from the chain. Answers the nodes that were known. */
export function emptyIndex(writer: Writer): readonly NodeId[] {
  const known = writer.select({ node: nodes.node }).from(nodes).all();
  const sums = [payments, orders, claims, leaseChanges, leases, nodes, owners, earningsByMinute];
  for (const table of [...RECORDS, ...sums, chainState]) writer.delete(table).run();
  return known.map(({ node }) => node);
}
