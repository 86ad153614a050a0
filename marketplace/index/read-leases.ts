// Leases, as the index has them.
import { and, desc, eq } from "drizzle-orm";
import type { Address, Hex } from "viem";
import type { LeaseRow } from "#protocol/marketplace-api.ts";
import type { Reader } from "../store/open-store.ts";
import { olderThan, type Page, type PageRequest, pageOf, pageRows } from "../store/page.ts";
import { leases } from "../store/schema.ts";

/** Newest first. */
export function listLeases(reader: Reader, request: PageRequest & { consumer?: Address | undefined }): Page<LeaseRow> {
  const rows = pageRows(request);
  const found = reader
    .select()
    .from(leases)
    .where(
      and(
        request.consumer && eq(leases.consumer, request.consumer),
        olderThan([leases.block, leases.logIndex], request.cursor),
      ),
    )
    .orderBy(desc(leases.block), desc(leases.logIndex))
    .limit(rows + 1)
    .all();
  return pageOf(found, rows, (row) => [row.block, row.logIndex], leaseRowOf);
}

export function findLease(reader: Reader, lease: Hex): LeaseRow | undefined {
  const row = reader.select().from(leases).where(eq(leases.lease, lease)).get();
  return row && leaseRowOf(row);
}

function leaseRowOf(row: typeof leases.$inferSelect): LeaseRow {
  const { lease, consumer, funded, spent, jobs, paidPerNode, upTo, expiry, closed } = row;
  const nodes = JSON.parse(row.nodes) as Address[];
  return { lease, consumer, nodes, funded, spent, jobs, paidPerNode, upTo, expiry, closed };
}
