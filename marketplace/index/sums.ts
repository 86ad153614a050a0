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

export function addStake(writer: Writer, node: NodeId, amount: Amount): void {
  const before = writer.select({ stake: nodes.stake }).from(nodes).where(eq(nodes.node, node)).get();
  if (before)
    writer
      .update(nodes)
      .set({ stake: before.stake + amount })
      .where(eq(nodes.node, node))
      .run();
}

export function addLeaseChange(
  writer: Writer,
  lease: Hex,
  { funded, spent }: { readonly funded: Amount; readonly spent: Amount },
): void {
  const before = writer.select().from(leases).where(eq(leases.lease, lease)).get();
  if (!before) return;
  writer
    .update(leases)
    .set({ funded: before.funded + funded, spent: before.spent + spent })
    .where(eq(leases.lease, lease))
    .run();
}

/** Stands for the order and the lease of a payment that a clearing made: it is for many orders of many leases. */
export const OF_MANY: Hex = `0x${"00".repeat(32)}`;

interface Payment {
  readonly order: Hex;
  readonly node: NodeId;
  readonly owner: Address;
  readonly amount: Amount;
  readonly time: UnixSeconds;
}

/** Counts a payment, or takes it back: for its node, its owner, the market, and both charts. */
export function addPayment(writer: Writer, { order, node, owner, amount, time }: Payment, sign: 1 | -1): void {
  const signed = amount * BigInt(sign);
  // How many orders a clearing pays for is not on the chain.
  const count = order === OF_MANY ? 0 : sign;
  const ofNode = writer.select().from(nodes).where(eq(nodes.node, node)).get();
  if (ofNode) {
    const sums = { earned: ofNode.earned + signed, jobs: ofNode.jobs + count };
    writer.update(nodes).set(sums).where(eq(nodes.node, node)).run();
  }
  const ofOwner = writer.select().from(owners).where(eq(owners.owner, owner)).get();
  if (ofOwner) {
    const sums = { earned: ofOwner.earned + signed, jobs: ofOwner.jobs + count };
    writer.update(owners).set(sums).where(eq(owners.owner, owner)).run();
  }
  const state = writer.select({ paid: chainState.paid }).from(chainState).get();
  if (state)
    writer
      .update(chainState)
      .set({ paid: state.paid + signed })
      .run();
  const minute = Math.floor(time / 60);
  addToMinute(writer, owner, minute, signed);
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
