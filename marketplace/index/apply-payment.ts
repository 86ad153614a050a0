// What each rung pays, into rows: money to nodes, jobs to the lease, and the orders that the chain names.
import { and, count, eq, gt, lte } from "drizzle-orm";
import type { Address, Hex } from "viem";
import type { ExchangeEvent, ExchangeEventName } from "#chain/exchange-event.ts";
import type { Amount, NodeId } from "#protocol/units.ts";
import type { Writer } from "../store/open-store.ts";
import { claims, leases, nodes, orders, payments } from "../store/schema.ts";
import { changeLease } from "./change-lease.ts";
import { addEarned, addPayment } from "./sums.ts";
import { NOTHING, type Touched } from "./touched.ts";

type EventOf<Name extends ExchangeEventName> = Extract<ExchangeEvent, { name: Name }>;
type Lease = typeof leases.$inferSelect;
type Payment = typeof payments.$inferInsert;

/** A node's pay for an order, or for a claim: which of them, the event at the end of the settlement tells. */
export function payNode(writer: Writer, event: EventOf<"NodePaid">): Touched {
  const { node, leaseId: lease, orderId: paidFor, amount } = event.args;
  pay(writer, event, { node, lease, kind: "order", paidFor, jobs: 1, amount });
  return { ...NOTHING, nodes: [node] };
}

export function payFee(writer: Writer, event: EventOf<"ForceFeePaid">): Touched {
  const { orderId, amount } = event.args;
  return changeLease(writer, placeOf(event), leasePaidFor(writer, orderId), { spent: amount });
}

export function settleOrder(writer: Writer, event: EventOf<"OrderSettled">): Touched {
  const { leaseId: lease, orderId: order, nonce, resultHash, total } = event.args;
  const { consumer } = leaseOf(writer, lease);
  const { transaction, time } = event;
  const place = placeOf(event);
  writer
    .insert(orders)
    .values({ order, lease, consumer, nonce, resultHash, claim: null, total, transaction, time, ...place, position: 0 })
    .run();
  return { ...changeLease(writer, place, lease, { spent: total, jobs: 1 }), jobs: [order] };
}

/** Tells of one job for the whole claim, so that a claim of a thousand orders does not push out all other news. */
export function claimOrders(writer: Writer, event: EventOf<"OrdersClaimed">): Touched {
  const { leaseId: lease, claimId: claim, perNode, receiptsRoot, orderIds } = event.args;
  const before = leaseOf(writer, lease);
  const { consumer } = before;
  const { transaction, time } = event;
  const place = placeOf(event);
  const jobs = orderIds.length;
  const total = perNode * BigInt(committeeOf(before).length);
  const inClaim = { lease, consumer, nonce: null, resultHash: null, claim, total, transaction, time, ...place };
  writer
    .insert(claims)
    .values({ claim, orders: jobs, receiptsRoot, ...place })
    .run();
  for (const [position, order] of orderIds.entries()) {
    writer
      .insert(orders)
      .values({ order, position, ...inClaim })
      .run();
  }
  const ofClaim = eq(payments.paidFor, claim);
  const paid = writer.update(payments).set({ kind: "claim", jobs }).where(ofClaim).returning().all();
  // `payNode` has counted one.
  for (const payment of paid) addEarned(writer, payment, { amount: 0n, jobs: jobs - 1 });
  return {
    ...changeLease(writer, place, lease, { spent: total, jobs, claimed: jobs }),
    nodes: paid.map(({ node }) => node),
    jobs: orderIds.slice(0, 1),
  };
}

/** A voucher pays each node of the committee the same, so the lease's total says what each got. */
export function clearLease(writer: Writer, event: EventOf<"LeaseCleared">): Touched {
  const { leaseId: lease, perNode, upTo, total } = event.args;
  const before = leaseOf(writer, lease);
  const { fresh, claimed } = countCovered(writer, before, upTo);
  // Only the range of nonces is known, so what is covered without pay is no job that anyone did.
  const jobs = total > 0n ? fresh : 0;
  const committee = committeeOf(before);
  const amount = total / BigInt(committee.length);
  if (total > 0n) {
    const voucher = { lease, kind: "voucher", after: before.upTo, upTo, jobs, amount } as const;
    for (const node of committee) pay(writer, event, { node, ...voucher });
  }
  return changeLease(writer, placeOf(event), lease, {
    spent: total,
    jobs,
    paidPerNode: perNode - before.paidPerNode,
    upTo: upTo - before.upTo,
    claimed: -claimed,
  });
}

/**
 * How many orders a voucher up to the nonce `upTo` newly covers: `fresh` ones, and `claimed` ones, which were paid before.
 * Orders that were settled are known by nonce. The chain names no nonces of claimed ones: they are taken to lie below
 * the first voucher that reaches so far, as they do when the consumer signs for all it knows of.
 */
function countCovered(
  writer: Writer,
  before: Lease,
  upTo: number,
): { readonly fresh: number; readonly claimed: number } {
  const inRange = and(eq(orders.lease, before.lease), gt(orders.nonce, before.upTo), lte(orders.nonce, upTo));
  const settled = writer.select({ orders: count() }).from(orders).where(inRange).get()?.orders ?? 0;
  const unsettled = upTo - before.upTo - settled;
  const claimed = Math.min(before.claimed, unsettled);
  return { fresh: unsettled - claimed, claimed };
}

interface Paid extends Pick<Payment, "kind" | "paidFor" | "after" | "upTo"> {
  readonly node: NodeId;
  readonly lease: Hex;
  readonly jobs: number;
  readonly amount: Amount;
}

function pay(writer: Writer, event: ExchangeEvent, paid: Paid): void {
  const { owner } = writer.select({ owner: nodes.owner }).from(nodes).where(eq(nodes.node, paid.node)).get() ?? {};
  if (owner === undefined) throw new Error(`Paid node ${paid.node} was never registered`);
  const { transaction, time } = event;
  const payment = { ...placeOf(event), ...paid, owner, transaction, time };
  writer.insert(payments).values(payment).run();
  addPayment(writer, payment, 1);
}

function placeOf({ block, index: logIndex }: ExchangeEvent) {
  return { block, logIndex };
}

function leaseOf(writer: Writer, lease: Hex): Lease {
  const found = writer.select().from(leases).where(eq(leases.lease, lease)).get();
  if (found) return found;
  throw new Error(`Paying lease ${lease} was never opened`);
}

function committeeOf({ nodes: committee }: Lease): Address[] {
  return JSON.parse(committee) as Address[];
}

/** The contract pays a node of an order or claim before anyone gets the fee, so its lease is known. */
function leasePaidFor(writer: Writer, id: Hex): Hex {
  const paid = writer.select({ lease: payments.lease }).from(payments).where(eq(payments.paidFor, id)).get();
  if (paid) return paid.lease;
  throw new Error(`The fee of order or claim ${id} came before its payments`);
}
