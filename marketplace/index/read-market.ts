// What the index knows about the market as a whole.
import { count, eq, sql } from "drizzle-orm";
import type { Amount } from "#protocol/units.ts";
import type { Reader } from "../store/open-store.ts";
import { chainState, leases, nodes } from "../store/schema.ts";

export interface MarketFigures {
  /** Last block in the index; null before the first. */
  readonly block: number | null;
  /** Sum of everything paid to nodes. */
  readonly paid: Amount;
  readonly nodes: number;
  readonly leases: number;
  /** Orders that were paid, by any rung. */
  readonly jobs: number;
}

export function readMarket(reader: Reader): MarketFigures {
  const state = reader.select().from(chainState).where(eq(chainState.id, 1)).get();
  const rowsOf = (table: typeof nodes | typeof leases) => reader.select({ rows: count() }).from(table).get()?.rows ?? 0;
  const jobs =
    reader
      .select({ jobs: sql<number>`coalesce(sum(${leases.jobs}), 0)` })
      .from(leases)
      .get()?.jobs ?? 0;
  return {
    block: state?.block ?? null,
    paid: state?.paid ?? 0n,
    nodes: rowsOf(nodes),
    leases: rowsOf(leases),
    jobs,
  };
}
