// What owners earned, as the index has it: line by line, and over time.
import { and, desc, eq, gte, lte } from "drizzle-orm";
import type { Address } from "viem";
import type { Earnings, PaidFor } from "#protocol/marketplace-api.ts";
import type { Amount, UnixSeconds } from "#protocol/units.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";
import type { Reader } from "../store/open-store.ts";
import { earningsByMinute, nodes, owners, payments } from "../store/schema.ts";

/** Everything about one owner; zeros when the owner has no node. */
export function readEarnings(reader: Reader, owner: Address): Earnings {
  const own = reader.select().from(owners).where(eq(owners.owner, owner)).get();
  const lines = reader
    .select()
    .from(payments)
    .where(eq(payments.owner, owner))
    .orderBy(desc(payments.block), desc(payments.logIndex), desc(payments.node))
    .limit(MARKETPLACE_LIMITS.earningsLines)
    .all();
  return {
    owner,
    earned: own?.earned ?? 0n,
    nodes: reader
      .select({ node: nodes.node, earned: nodes.earned, jobs: nodes.jobs })
      .from(nodes)
      .where(eq(nodes.owner, owner))
      .orderBy(nodes.block, nodes.logIndex)
      .limit(MARKETPLACE_LIMITS.ownNodes)
      .all(),
    lines: lines.map((line) => {
      const { jobs, lease, node, amount, transaction, block, logIndex, time } = line;
      return { paidFor: paidForOf(line), jobs, lease, node, amount, transaction, block, logIndex, time };
    }),
  };
}

function paidForOf({ kind, paidFor, after, upTo }: typeof payments.$inferSelect): PaidFor {
  if (paidFor !== null) return kind === "claim" ? { kind, claim: paidFor } : { kind: "order", order: paidFor };
  return { kind: "voucher", after: after ?? 0, upTo: upTo ?? 0 };
}

export interface EarningsSeries {
  /** Null for the whole market. */
  readonly owner: Address | null;
  /** Beginning of the first step. */
  readonly from: UnixSeconds;
  readonly stepSeconds: number;
  /** Paid in each step, oldest first. */
  readonly amounts: readonly Amount[];
}

export interface SeriesRequest {
  readonly owner: Address | undefined;
  readonly hours: number;
  readonly now: UnixSeconds;
}

/** Payments of the last `hours`, summed in at most `MARKETPLACE_LIMITS.chartPoints` equal steps of whole minutes. */
export function readEarningsSeries(reader: Reader, { owner, hours, now }: SeriesRequest): EarningsSeries {
  const stepMinutes = Math.max(1, Math.ceil((hours * 60) / MARKETPLACE_LIMITS.chartPoints));
  const last = Math.floor(now / 60 / stepMinutes);
  const steps = Math.ceil((hours * 60) / stepMinutes);
  const first = last - steps + 1;
  const amounts = new Array<Amount>(steps).fill(0n);
  const found = reader
    .select()
    .from(earningsByMinute)
    .where(
      and(
        eq(earningsByMinute.owner, owner ?? ""),
        gte(earningsByMinute.minute, first * stepMinutes),
        lte(earningsByMinute.minute, (last + 1) * stepMinutes - 1),
      ),
    )
    .all();
  for (const { minute, amount } of found) {
    const step = Math.floor(minute / stepMinutes) - first;
    amounts[step] = (amounts[step] ?? 0n) + amount;
  }
  return { owner: owner ?? null, from: first * stepMinutes * 60, stepSeconds: stepMinutes * 60, amounts };
}
