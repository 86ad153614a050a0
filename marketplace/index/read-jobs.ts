// Orders that the chain names and what was paid for them, as the index has them.
import { and, desc, eq, exists, inArray, sql } from "drizzle-orm";
import type { Address, Hex } from "viem";
import type { JobRow } from "#protocol/marketplace-api.ts";
import type { Reader } from "../store/open-store.ts";
import { olderThan, type Page, type PageRequest, pageOf, pageRows } from "../store/page.ts";
import { claims, orders, payments } from "../store/schema.ts";

export interface JobFilter extends PageRequest {
  readonly consumer?: Address | undefined;
  /** Jobs for which a node of this owner was paid. */
  readonly owner?: Address | undefined;
}

interface Found {
  readonly orders: typeof orders.$inferSelect;
  readonly claims: typeof claims.$inferSelect | null;
}

/** Newest first. */
export function listJobs(reader: Reader, filter: JobFilter): Page<JobRow> {
  const rows = pageRows(filter);
  const paidFor = sql`coalesce(${orders.claim}, ${orders.order})`;
  const paidTo =
    filter.owner &&
    exists(
      reader
        .select({ paidFor: payments.paidFor })
        .from(payments)
        .where(and(eq(payments.paidFor, paidFor), eq(payments.owner, filter.owner))),
    );
  const older = olderThan([orders.block, orders.logIndex, orders.position], filter.cursor);
  const found = reader
    .select()
    .from(orders)
    .leftJoin(claims, eq(orders.claim, claims.claim))
    .where(and(filter.consumer && eq(orders.consumer, filter.consumer), paidTo, older))
    .orderBy(desc(orders.block), desc(orders.logIndex), desc(orders.position))
    .limit(rows + 1)
    .all();
  const paid = paymentsOf(reader, new Set(found.map(paidForOf)));
  return pageOf(
    found,
    rows,
    ({ orders: { block, logIndex, position } }) => [block, logIndex, position],
    (row) => jobRowOf(row, paid.get(paidForOf(row))),
  );
}

export function findJob(reader: Reader, order: Hex): JobRow | undefined {
  const found = reader
    .select()
    .from(orders)
    .leftJoin(claims, eq(orders.claim, claims.claim))
    .where(eq(orders.order, order))
    .get();
  if (!found) return undefined;
  const paidFor = paidForOf(found);
  return jobRowOf(found, paymentsOf(reader, new Set([paidFor])).get(paidFor));
}

/** What payments for an order name: the order itself, or its claim. */
function paidForOf({ orders: { order, claim } }: Found): Hex {
  return claim ?? order;
}

function paymentsOf(reader: Reader, wanted: ReadonlySet<Hex>): ReadonlyMap<Hex, JobRow["paid"]> {
  const found = reader
    .select()
    .from(payments)
    .where(inArray(payments.paidFor, [...wanted]))
    .orderBy(payments.block, payments.logIndex)
    .all();
  const byPaidFor = new Map<Hex, JobRow["paid"]>();
  for (const { paidFor, node, owner, amount } of found) {
    if (paidFor === null) continue;
    const paid = byPaidFor.get(paidFor) ?? [];
    paid.push({ node, owner, amount });
    byPaidFor.set(paidFor, paid);
  }
  return byPaidFor;
}

function jobRowOf({ orders: row, claims: claimed }: Found, paid: JobRow["paid"] = []): JobRow {
  const { order, lease, consumer, resultHash, total, transaction, block, time } = row;
  const claim = claimed && { claim: claimed.claim, orders: claimed.orders, receiptsRoot: claimed.receiptsRoot };
  return { order, lease, consumer, resultHash, claim, paid, total, transaction, block, time };
}
