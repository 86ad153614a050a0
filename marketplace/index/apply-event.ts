// One event of the chain into rows. Sums are kept by adding differences; rewind.ts subtracts the same ones.
import { eq } from "drizzle-orm";
import type { Address, Hex } from "viem";
import type { ExchangeEvent } from "#chain/exchange-event.ts";
import type { Amount, UnixSeconds } from "#protocol/units.ts";
import type { Writer } from "../store/open-store.ts";
import { leaseChanges, leases, nodes, orders, payments, stakeChanges } from "../store/schema.ts";
import { addLeaseChange, addPayment, addStake, countNode } from "./sums.ts";

/** What an event touched: the rows that listeners are told about. */
export interface Touched {
  readonly nodes: readonly Address[];
  readonly leases: readonly Hex[];
  readonly jobs: readonly Hex[];
}

const NOTHING: Touched = { nodes: [], leases: [], jobs: [] };

/** Where an event stands on the chain. */
interface Place {
  readonly block: number;
  readonly logIndex: number;
}

/** Writes what `event` says. The checkpoint that is written beside it keeps an event from being counted twice. */
export function applyEvent(writer: Writer, event: ExchangeEvent): Touched {
  const place: Place = { block: event.block, logIndex: event.index };
  switch (event.name) {
    case "NodeRegistered":
      return registerNode(writer, place, lower(event.args.node), lower(event.args.owner));
    case "StakeAdded":
      return changeStake(writer, place, lower(event.args.node), event.args.amount);
    case "UnbondingStarted":
      return changeStake(writer, place, lower(event.args.node), -event.args.amount);
    case "LeaseOpened":
      return openLease(writer, place, event.args);
    case "LeaseToppedUp":
      return changeLease(writer, place, event.args.leaseId, { funded: event.args.amount });
    case "LeaseExtended":
      return changeLease(writer, place, event.args.leaseId, { expiry: event.args.expiry });
    case "LeaseClosed":
      return changeLease(writer, place, event.args.leaseId, { closes: true });
    case "NodePaid":
      return payNode(writer, event, lower(event.args.node));
    case "ForceFeePaid":
      return changeLease(writer, place, leaseOfOrder(writer, event.args.orderId), { spent: event.args.amount });
    case "OrderSettled":
      return settleOrder(writer, event);
    case "OrdersClaimed":
      return chargeClaim(writer, place, event.args);
    default:
      return NOTHING;
  }
}

function registerNode(writer: Writer, place: Place, node: Address, owner: Address): Touched {
  writer
    .insert(nodes)
    .values({ node, owner, stake: 0n, earned: 0n, jobs: 0, ...place })
    .run();
  countNode(writer, owner, 1);
  return { ...NOTHING, nodes: [node] };
}

function changeStake(writer: Writer, place: Place, node: Address, amount: Amount): Touched {
  writer
    .insert(stakeChanges)
    .values({ ...place, node, amount })
    .run();
  addStake(writer, node, amount);
  return { ...NOTHING, nodes: [node] };
}

type Opened = Extract<ExchangeEvent, { name: "LeaseOpened" }>["args"];

function openLease(writer: Writer, place: Place, opened: Opened): Touched {
  const lease = opened.leaseId;
  writer
    .insert(leases)
    .values({
      lease,
      consumer: lower(opened.consumer),
      nodes: JSON.stringify(opened.nodes.map(lower)),
      funded: 0n,
      spent: 0n,
      expiry: opened.expiry,
      closed: false,
      ...place,
    })
    .run();
  return changeLease(writer, place, lease, { funded: opened.amount, expiry: opened.expiry });
}

interface LeaseDifference {
  readonly funded?: Amount;
  readonly spent?: Amount;
  readonly expiry?: UnixSeconds;
  readonly closes?: boolean;
}

function changeLease(writer: Writer, place: Place, lease: Hex, difference: LeaseDifference): Touched {
  const { funded = 0n, spent = 0n, expiry = null, closes = false } = difference;
  writer
    .insert(leaseChanges)
    .values({ ...place, lease, funded, spent, expiry, closes })
    .run();
  addLeaseChange(writer, lease, { funded, spent });
  if (expiry !== null) writer.update(leases).set({ expiry }).where(eq(leases.lease, lease)).run();
  if (closes) writer.update(leases).set({ closed: true }).where(eq(leases.lease, lease)).run();
  return { ...NOTHING, leases: [lease] };
}

function payNode(writer: Writer, event: Extract<ExchangeEvent, { name: "NodePaid" }>, node: Address): Touched {
  const { leaseId: lease, orderId: order, amount } = event.args;
  const owner = writer.select({ owner: nodes.owner }).from(nodes).where(eq(nodes.node, node)).get()?.owner;
  if (owner === undefined) throw new Error(`Paid node ${node} was never registered`);
  const { block, index: logIndex, transaction, time } = event;
  const payment = { block, logIndex, order, lease, node, owner, amount, transaction, time };
  writer.insert(payments).values(payment).run();
  addPayment(writer, payment, 1);
  return { ...NOTHING, nodes: [node] };
}

function settleOrder(writer: Writer, event: Extract<ExchangeEvent, { name: "OrderSettled" }>): Touched {
  const { leaseId: lease, orderId: order, resultHash, total } = event.args;
  const { block, index: logIndex, transaction, time } = event;
  const consumer = writer.select({ consumer: leases.consumer }).from(leases).where(eq(leases.lease, lease)).get();
  if (consumer === undefined) throw new Error(`Settled lease ${lease} was never opened`);
  writer
    .insert(orders)
    .values({ order, lease, ...consumer, resultHash, total, transaction, time, block, logIndex })
    .run();
  return { ...changeLease(writer, { block, logIndex }, lease, { spent: total }), jobs: [order] };
}

/** A claim names no results, so its orders are no jobs of the index; what its nodes got is. */
function chargeClaim(
  writer: Writer,
  place: Place,
  { leaseId: lease, perNode }: Extract<ExchangeEvent, { name: "OrdersClaimed" }>["args"],
): Touched {
  const found = writer.select({ nodes: leases.nodes }).from(leases).where(eq(leases.lease, lease)).get();
  if (found === undefined) throw new Error(`Claimed lease ${lease} was never opened`);
  const committee = JSON.parse(found.nodes) as readonly Address[];
  return changeLease(writer, place, lease, { spent: perNode * BigInt(committee.length) });
}

/** The contract pays a node of an order before anyone gets the order's fee, so its lease is known. */
function leaseOfOrder(writer: Writer, order: Hex): Hex {
  const paid = writer.select({ lease: payments.lease }).from(payments).where(eq(payments.order, order)).get();
  if (paid) return paid.lease;
  throw new Error(`The fee of order ${order} came before its payments`);
}

/** One text for one address, as everywhere in the API. */
function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}
