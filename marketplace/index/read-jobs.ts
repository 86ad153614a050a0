// Settled orders and what they paid, as the index has them.
import { and, desc, eq, exists, inArray } from "drizzle-orm";
import type { Address, Hex } from "viem";
import type { JobRow } from "#protocol/marketplace-api.ts";
import type { Reader } from "../store/open-store.ts";
import { olderThan, type Page, type PageRequest, pageOf, pageRows } from "../store/page.ts";
import { orders, payments } from "../store/schema.ts";

export interface JobFilter extends PageRequest {
  readonly consumer?: Address | undefined;
  /** Jobs for which a node of this owner was paid. */
  readonly owner?: Address | undefined;
}

/** Newest first. */
export function listJobs(reader: Reader, filter: JobFilter): Page<JobRow> {
  const rows = pageRows(filter);
  const paidTo =
    filter.owner &&
    exists(
      reader
        .select({ order: payments.order })
        .from(payments)
        .where(and(eq(payments.order, orders.order), eq(payments.owner, filter.owner))),
    );
  const found = reader
    .select()
    .from(orders)
    .where(and(filter.consumer && eq(orders.consumer, filter.consumer), paidTo, olderThan(orders, filter.cursor)))
    .orderBy(desc(orders.block), desc(orders.logIndex))
    .limit(rows + 1)
    .all();
  const paid = paymentsOf(
    reader,
    found.map((row) => row.order),
  );
  return pageOf(
    found,
    rows,
    (row) => [row.block, row.logIndex],
    (row) => jobRowOf(row, paid.get(row.order)),
  );
}

export function findJob(reader: Reader, order: Hex): JobRow | undefined {
  const row = reader.select().from(orders).where(eq(orders.order, order)).get();
  return row && jobRowOf(row, paymentsOf(reader, [order]).get(order));
}

function paymentsOf(reader: Reader, wanted: readonly Hex[]): ReadonlyMap<Hex, JobRow["paid"]> {
  const found = reader
    .select()
    .from(payments)
    .where(inArray(payments.order, [...wanted]))
    .orderBy(payments.block, payments.logIndex)
    .all();
  const byOrder = new Map<Hex, JobRow["paid"]>();
  for (const { order, node, owner, amount } of found) {
    const paid = byOrder.get(order) ?? [];
    paid.push({ node, owner, amount });
    byOrder.set(order, paid);
  }
  return byOrder;
}

function jobRowOf(row: typeof orders.$inferSelect, paid: JobRow["paid"] = []): JobRow {
  const { order, lease, consumer, resultHash, total, transaction, block, time } = row;
  return { order, lease, consumer, resultHash, paid, total, transaction, block, time };
}
