// What must hold at the end of a world, for every lease, whoever was bad. Which of it holds against how many:
// - no unit is lost or made, the remainder is back, a consumer is charged at most what it signed, and nothing is paid
//   twice over rungs: against any number of colluding nodes
// - an honest node's voucher pays for each order that it covers: against any number, and any consumer
// - a frozen node signed another result than those that had it frozen: against any number. An honest node is not frozen
//   unless those that collude are a quorum of heads and stake; then that is for the court
// - an order that a quorum of honest nodes attested is paid while it can be: against all others. Three things let it be:
//   `leftOut`: after the deadline, whoever forces the order with a quorum leaves out another honest node
//   `lapsed`: where two of five messages are lost, nodes may never have each other's word in a whole grace
//   `tooDear`: nobody spends more on gas than the order gives
import { gasCost } from "#protocol/clearing-decision.ts";
import { quorumCount } from "#protocol/order.ts";
import { forcingGas } from "#protocol/rescue-decision.ts";
import { accountFaults, gasFaults } from "./account-guarantees.ts";
import { calmFaults } from "./calm-guarantees.ts";
import { type Attestation, type Cast, DEPOSIT, GRACE_SECONDS, type LeaseCast, type Order, TRUTH } from "./cast.ts";
import { courtFaults } from "./court-guarantees.ts";
import type { LeaseModel } from "./exchange-model.ts";
import type { Simulation } from "./simulation.ts";
import { SHARES_PER_TOKEN } from "./stake-model.ts";

export interface Outcome {
  readonly faults: readonly string[];
  readonly seen: Readonly<Record<string, number>>;
}

interface LeaseEnd {
  readonly world: Simulation;
  readonly lease: number;
  readonly cast: LeaseCast;
  readonly model: LeaseModel;
  readonly orders: readonly Order[];
}

export function outcomeOf(world: Simulation): Outcome {
  const faults = [...world.witness.faults];
  const seen: Record<string, number> = {};
  for (const [lease, cast] of world.cast.leases.entries()) {
    const end = { world, lease, cast, model: world.exchange.lease(lease), orders: world.witness.ordersOf(lease) };
    const found = [...moneyFaults(end), ...chargeFaults(end), ...payFaults(end, seen)];
    faults.push(...found.map((fault) => `lease ${lease}: ${fault}`));
  }
  faults.push(...freezeFaults(world, seen), ...accountFaults(world), ...gasFaults(world), ...courtFaults(world, seen));
  if (world.cast.kind !== "any") faults.push(...calmFaults(world));
  return { faults, seen };
}

function* moneyFaults({ model }: LeaseEnd): Generator<string> {
  if (!model.closed) yield "it is open for ever";
  if (model.funds !== 0n) yield "something is left in it";
}

function* chargeFaults({ world, lease, model, orders, cast }: LeaseEnd): Generator<string> {
  const signed = [...(world.witness.vouchers.get(lease)?.values() ?? [])];
  const most = signed.reduce((max, { perNode }) => (perNode > max ? perNode : max), 0n);
  if (model.paidPerNode > most) yield "vouchers took more than was signed";
  const forced = [...model.settled.values()];
  const places = BigInt(cast.committee.length);
  const amounts = sum(forced.flatMap((each) => [...each.amounts.values()]));
  if (amounts > sum(forced.map(({ order }) => order.maxPrice * places)))
    yield "forced orders took more than was signed";
  const fees = forced.map(({ order, at }) => (at > order.deadline ? order.forceFee : 0n));
  if (forced.some(({ fee }, index) => fee !== fees[index])) yield "a fee is not what was signed for being late";
  if (DEPOSIT - model.refunded !== model.paidPerNode * places + amounts + sum(fees)) yield "it is charged otherwise";
  if (cast.consumer === "grabbing") return;
  const byVoucher = orders.filter(({ nonce }) => nonce <= model.upTo && !model.settled.has(nonce));
  const worth = sum(byVoucher.map(({ id }) => world.witness.checked.get(id) ?? 0n));
  if (model.paidPerNode > worth) yield `vouchers paid ${model.paidPerNode} for ${worth}: unchecked, or twice`;
}

function* payFaults(end: LeaseEnd, seen: Record<string, number>): Generator<string> {
  const { world, model, orders, cast } = end;
  for (const node of cast.committee) {
    if (world.cast.nodes[node] !== "honest") continue;
    const attested = orders.filter((order) => saidBy(end, order, node) !== undefined);
    const settledOf = ({ nonce }: Order) => model.settled.get(nonce);
    const covered = attested.filter((order) => isCoveredInTime(end, order));
    const due = sum(covered.map((order) => dueAtLeast(end, order, node)));
    if (model.paidPerNode < due) yield `vouchers paid node ${node} ${model.paidPerNode} of ${due}`;
    const claimed = attested.filter((order) => settledOf(order)?.by === "claim");
    const byClaim = sum(claimed.map((order) => settledOf(order)?.amounts.get(node) ?? 0n));
    const claimedDue = sum(claimed.map((order) => dueAtLeast(end, order, node)));
    if (byClaim < claimedDue) yield `claims paid node ${node} ${byClaim} of ${claimedDue}`;
    for (const order of attested.filter((each) => isOwed(end, each))) {
      seen.owed = (seen.owed ?? 0) + 1;
      const settlement = settledOf(order);
      if (isCoveredInTime(end, order) || settlement?.by === "claim" || settlement?.amounts.has(node)) continue;
      const why = whyUnpaid(end, order, node);
      if (why.startsWith("node")) yield why;
      else seen[why] = (seen[why] ?? 0) + 1;
    }
  }
}

/** The name of the exception, or the fault. */
function whyUnpaid({ world, model, cast }: LeaseEnd, order: Order, node: number): string {
  const { costs, lostPercent, meddlePercent, crashesPerMille, nodes } = world.cast;
  const settlement = model.settled.get(order.nonce);
  if (settlement) {
    if (settlement.at <= order.deadline) return `node ${node} is left out of order ${order.nonce} in time`;
    const isAnybodyBad = lostPercent + meddlePercent + crashesPerMille > 0 || nodes.some((part) => part !== "honest");
    return isAnybodyBad ? "leftOut" : `node ${node} is left out of order ${order.nonce} by honest nodes`;
  }
  const prices = cast.committee.flatMap((each) => saidBy({ world }, order, each)?.price ?? []);
  const [least = 0n] = prices.toSorted((a, b) => Number(a - b));
  if (least + order.forceFee <= gasCost(forcingGas(cast.committee.length), costs)) return "tooDear";
  return lostPercent >= 40 ? "lapsed" : `node ${node} is not paid for order ${order.nonce} by anybody`;
}

function* freezeFaults(world: Simulation, seen: Record<string, number>): Generator<string> {
  for (const { order, node, said, right } of world.exchange.freezes) {
    seen.frozen = (seen.frozen ?? 0) + 1;
    if (said.resultHash === right) yield `node ${node} is frozen for agreeing`;
    if (said.resultHash !== TRUTH) continue;
    const { committee } = world.cast.leases[order.lease] as LeaseCast;
    const colluding = committee.filter((each) => world.cast.nodes[each] === "colluding");
    if (world.cast.nodes[node] === "colluding") continue;
    seen.honestFrozen = (seen.honestFrozen ?? 0) + 1;
    const heads = colluding.length >= quorumCount(order.quorumBps, committee.length);
    if (!(hasStakeMoved(world) ? heads : isQuorum(world.cast, order, colluding)))
      yield `honest node ${node} is frozen by ${colluding.length}`;
  }
}

/** Then stake may have been another part of the whole than at the start. */
function hasStakeMoved({ cast, exchange }: Simulation): boolean {
  return cast.stakes.some((tokens, node) => exchange.stakes.of(node).staked !== tokens * SHARES_PER_TOKEN);
}

/** What could no longer be forced when a voucher was taken for it is lost, and any pay for it is a gift. */
function isCoveredInTime({ model }: LeaseEnd, { nonce, deadline }: Order): boolean {
  const cover = model.cleared.find(({ upTo, last, at }) => (last || upTo >= nonce) && at <= deadline + GRACE_SECONDS);
  return cover !== undefined && !model.settled.has(nonce);
}

/** Whether those who follow the rules and attested it are a quorum by themselves. */
function isOwed(end: LeaseEnd, order: Order): boolean {
  const { world, cast } = end;
  const honest = cast.committee.filter((node) => world.cast.nodes[node] === "honest" && saidBy(end, order, node));
  return isQuorum(world.cast, order, honest);
}

function isQuorum({ stakes, leases }: Cast, { lease, quorumBps }: Order, nodes: readonly number[]): boolean {
  const { committee } = leases[lease] as LeaseCast;
  const stakeOf = (some: readonly number[]) => sum(some.map((node) => stakes[node] ?? 0n));
  const stake = nodes.length === committee.length || stakeOf(nodes) * 10_000n >= BigInt(quorumBps) * stakeOf(committee);
  return stake && nodes.length >= quorumCount(quorumBps, committee.length);
}

/** The least that a node may take for it: with the whole committee's prices, when all agree. */
function dueAtLeast(end: LeaseEnd, order: Order, node: number): bigint {
  const own = saidBy(end, order, node)?.price ?? 0n;
  const all = end.cast.committee.flatMap((each) => saidBy(end, order, each)?.price ?? []);
  const shown = all.length === end.cast.committee.length ? all : [own];
  // As the exchange would pay it, so said by itself.
  const median = shown.toSorted((a, b) => Number(a - b))[Math.floor((shown.length - 1) / 2)] ?? 0n;
  return [own, median, order.maxPrice].reduce((least, each) => (each < least ? each : least));
}

function saidBy({ world }: Pick<LeaseEnd, "world">, order: Order, node: number): Attestation | undefined {
  const said = world.witness.attestations.get(order.id) ?? [];
  return said.find((each) => each.node === node && each.resultHash === TRUTH);
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
