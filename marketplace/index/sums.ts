// Sums that would be slow to make at each question. Every function adds, and with a negative count or amount takes back.
import { and, eq, lte, sql } from "drizzle-orm";
import type { Address, Hex } from "viem";
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";
import type { Writer } from "../store/open-store.ts";
import { chainState, earningsByMinute, leases, nodes, owners } from "../store/schema.ts";

/** One more node of `owner`, or one fewer; an owner without nodes has no row. */
export function countNode(writer: Writer, owner: Address, count: 1 | -1): void {
  writer
    .insert(owners)
    .values({ owner, nodes: count, earned: 0n, jobs: 0 })
    .onConflictDoUpdate({ target: owners.owner, set: { nodes: sql`${owners.nodes} + ${count}` } })
    .run();
  if (count < 0)
    writer
      .delete(owners)
      .where(and(eq(owners.owner, owner), lte(owners.nodes, 0)))
      .run();
}

/** What a lease's row adds up from its changes. */
export type LeaseSums = Pick<
  typeof leases.$inferSelect,
  "funded" | "spent" | "jobs" | "paidPerNode" | "upTo" | "claimed"
>;

/** Counts a change of a lease, or takes it back. */
export function addLeaseChange(writer: Writer, lease: Hex, change: LeaseSums, sign: 1 | -1): void {
  const before = writer.select().from(leases).where(eq(leases.lease, lease)).get();
  if (!before) return;
  const signed = BigInt(sign);
  const sums: LeaseSums = {
    funded: before.funded + signed * change.funded,
    spent: before.spent + signed * change.spent,
    jobs: before.jobs + sign * change.jobs,
    paidPerNode: before.paidPerNode + signed * change.paidPerNode,
    upTo: before.upTo + sign * change.upTo,
    claimed: before.claimed + sign * change.claimed,
  };
  writer.update(leases).set(sums).where(eq(leases.lease, lease)).run();
}

interface Earner {
  readonly node: NodeId;
  readonly owner: Address;
}

/** Adds to what a node and its owner have earned, and to the jobs that earned it. */
export function addEarned(
  writer: Writer,
  { node, owner }: Earner,
  { amount, jobs }: { readonly amount: Amount; readonly jobs: number },
): void {
  const ofNode = writer.select().from(nodes).where(eq(nodes.node, node)).get();
  if (ofNode) {
    const sums = { earned: ofNode.earned + amount, jobs: ofNode.jobs + jobs };
    writer.update(nodes).set(sums).where(eq(nodes.node, node)).run();
  }
  const ofOwner = writer.select().from(owners).where(eq(owners.owner, owner)).get();
  if (ofOwner) {
    const sums = { earned: ofOwner.earned + amount, jobs: ofOwner.jobs + jobs };
    writer.update(owners).set(sums).where(eq(owners.owner, owner)).run();
  }
}

interface Payment extends Earner {
  readonly amount: Amount;
  readonly jobs: number;
  readonly time: UnixSeconds;
}

/** Counts a payment, or takes it back: for its node, its owner, the market, and both charts. */
export function addPayment(writer: Writer, { amount, jobs, time, ...earner }: Payment, sign: 1 | -1): void {
  const signed = amount * BigInt(sign);
  addEarned(writer, earner, { amount: signed, jobs: jobs * sign });
  const state = writer.select({ paid: chainState.paid }).from(chainState).get();
  if (state)
    writer
      .update(chainState)
      .set({ paid: state.paid + signed })
      .run();
  const minute = Math.floor(time / 60);
  addToMinute(writer, earner.owner, minute, signed);
  addToMinute(writer, "", minute, signed);
}

function addToMinute(writer: Writer, owner: string, minute: number, amount: Amount): void {
  // A minute without money has no row, whether nothing was paid or all was taken back.
  if (amount === 0n) return;
  const place = and(eq(earningsByMinute.owner, owner), eq(earningsByMinute.minute, minute));
  const before = writer.select().from(earningsByMinute).where(place).get();
  const sum = (before?.amount ?? 0n) + amount;
  if (!before) writer.insert(earningsByMinute).values({ owner, minute, amount: sum }).run();
  else if (sum > 0n) writer.update(earningsByMinute).set({ amount: sum }).where(place).run();
  else writer.delete(earningsByMinute).where(place).run();
}
