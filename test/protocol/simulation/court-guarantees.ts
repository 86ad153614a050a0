// What must hold of stake at the end of a world:
// - no share is lost or made, none leaves while its node is judged, and nobody gains by another's loss but the jury, by its
//   fixed pay, and all holders alike
// - only in drawn leases is anybody punished, once for each order, for another result than the jury's or, where nobody
//   appealed, than the majority's that accused it in time
// - whoever told the truth keeps its stake: against any number of liars that are not two thirds of a jury. Those that a
//   majority accuses must appeal for that, so a node that follows the rules does (`saved`); `defenceless` are those that are
//   gone, and those whose owner pays for no gas
// - whoever was accused and lied loses a quarter, where the jury has a verdict, or nobody appealed and somebody honest holds
//   the evidence (`punished`)

import { quorumCount } from "#protocol/order.ts";
import { stakeFaults } from "./account-guarantees.ts";
import { GRACE_SECONDS, type Order, TRUTH } from "./cast.ts";
import type { Simulation } from "./simulation.ts";

export function* courtFaults(world: Simulation, seen: Record<string, number>): Generator<string> {
  yield* stakeFaults(world);
  yield* leaveFaults(world);
  yield* dissentFaults(world);
  yield* punishmentFaults(world, seen);
  yield* verdictFaults(world, seen);
  yield* accusedFaults(world, seen);
}

/** Where nothing is lost, whoever forces an order over a dissent says so, and in a drawn lease it tells the court. */
function* dissentFaults({ exchange, court, cast }: Simulation): Generator<string> {
  const isQuiet = cast.lostPercent + cast.crashesPerMille + cast.meddlePercent === 0;
  if (!isQuiet || !cast.nodes.every((part) => part === "honest" || part === "erring")) return;
  for (const [lease, { settled }] of exchange.leases.entries()) {
    for (const { order, by, sender, at, dissenting } of settled.values()) {
      const [, node] = /^node (\d+)$/.exec(sender) ?? [];
      if (node === undefined || cast.nodes[Number(node)] !== "honest" || at <= order.deadline) continue;
      if (by === "settle" && dissenting.length > 0)
        yield `order ${order.nonce} of lease ${lease} is settled over a dissent`;
      const isTold = !cast.leases[lease]?.drawn || at > order.deadline + GRACE_SECONDS / 2;
      if (by !== "adjudicate" || isTold || cast.costs.accusationCost === 0n) continue;
      const untold = dissenting.filter((liar) => !court.accused.get(order.id)?.has(liar));
      if (untold.length > 0) yield `nobody accuses who dissents on order ${order.nonce} of lease ${lease}`;
    }
  }
}

function* leaveFaults({ exchange, cast }: Simulation): Generator<string> {
  for (const node of cast.nodes.keys()) {
    const { returnedAt, returned } = exchange.stakes.of(node);
    const early = exchange.freezes.some((freeze) => freeze.node === node && returned > 0n && returnedAt < freeze.until);
    if (early) yield `the stake of node ${node} leaves while it is frozen`;
  }
}

function* punishmentFaults(world: Simulation, seen: Record<string, number>): Generator<string> {
  const { court, cast, witness } = world;
  const once = new Set<string>();
  for (const { order: id, node, by, at } of court.punishments) {
    const order = witness.orders.get(id) as Order;
    seen[`punished by ${by}`] = (seen[`punished by ${by}`] ?? 0) + 1;
    if (once.has(`${id} ${node} ${by}`)) yield `node ${node} is punished twice for order ${order.nonce}`;
    once.add(`${id} ${node} ${by}`);
    const isLiar = hasLied(world, order, node);
    if (by === "equivocation") {
      if (cast.nodes[node] !== "colluding") yield `node ${node} loses all and has attested once`;
      continue;
    }
    if (!cast.leases[order.lease]?.drawn) yield `node ${node} is punished in a lease that was not drawn`;
    if (by === "jury" && !isLiar) yield `a jury has honest node ${node} punished`;
    if (by === "jury" || isLiar) continue;
    if (at <= order.deadline + 2 * GRACE_SECONDS) yield `node ${node} is punished before it could appeal`;
    const isDefenceless = cast.nodes[node] !== "honest" || cast.costs.courtCost === 0n;
    if (isDefenceless) seen.defenceless = (seen.defenceless ?? 0) + 1;
    else yield `node ${node} told the truth, and is punished for order ${order.nonce} by a majority`;
  }
}

function* verdictFaults({ court, cast }: Simulation, seen: Record<string, number>): Generator<string> {
  for (const { order, resultHash, signers, openedAt, closesAt } of court.cases.values()) {
    const verdict = resultHash === undefined ? "noVerdict" : "verdict";
    seen[verdict] = (seen[verdict] ?? 0) + 1;
    if (cast.jury === "silent" && resultHash !== undefined) yield "a verdict of too few";
    if (resultHash !== undefined && resultHash !== TRUTH) yield `a verdict on order ${order.nonce} is a lie`;
    const hasTime = closesAt - openedAt > GRACE_SECONDS && cast.lostPercent < 40;
    if (cast.jury !== "silent" && hasTime && resultHash === undefined) yield `no verdict on order ${order.nonce}`;
    if (new Set(signers).size !== signers.length) yield "a juror counts twice";
  }
}

function* accusedFaults(world: Simulation, seen: Record<string, number>): Generator<string> {
  const { court, cast, witness } = world;
  for (const [id, accused] of court.accused) {
    const order = witness.orders.get(id) as Order;
    const opened = court.cases.get(id);
    for (const node of accused) {
      const isHonest = !hasLied(world, order, node);
      if (isHonest && cast.nodes[node] === "honest") {
        if (opened) seen.saved = (seen.saved ?? 0) + 1;
        else yield `honest node ${node} is accused for order ${order.nonce} and does not appeal`;
      }
      if (!isHonest && !court.isPunished(id, node) && isToBePunished(world, order, node)) {
        yield `node ${node} is accused of a lie on order ${order.nonce} and goes unpunished`;
      }
    }
  }
}

/** Where nothing is lost: by the jury, if it has a verdict in time; else by honest nodes that hold a quorum's word. */
function isToBePunished({ court, cast, exchange }: Simulation, order: Order, node: number): boolean {
  const { staked, unbonding } = exchange.stakes.of(node);
  const isQuiet = cast.lostPercent + cast.crashesPerMille + cast.meddlePercent === 0;
  const opened = court.cases.get(order.id);
  if (!isQuiet || cast.withholding || staked + unbonding === 0n) return false;
  if (opened) return opened.resultHash !== undefined;
  const honest = exchange.committeeOf(order.lease).filter((each) => cast.nodes[each] === "honest");
  const needed = quorumCount(order.quorumBps, exchange.committeeOf(order.lease).length);
  return honest.length >= needed && cast.costs.accusationCost > 0n;
}

/** Whether it attested anything but the truth. */
function hasLied({ witness }: Simulation, { id }: Order, node: number): boolean {
  const said = witness.attestations.get(id) ?? [];
  return said.some((each) => each.node === node && each.resultHash !== TRUTH);
}
