// Thousands of leases over a bad network, with every mix of parties: each unit ends where the rules say. A failure names
// its seed; SIMULATION_SEED=N begins with it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Cast, type ConsumerPart, type NodePart, type Random, seededRandom } from "./simulation/cast.ts";
import { Simulation } from "./simulation/simulation.ts";

const LEASES = 2_000;
const FIRST_SEED = Number(process.env.SIMULATION_SEED ?? 1);

function castOf(random: Random): Cast {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const others: readonly NodePart[] = ["honest", "honest", "lying", "dead", "idle"];
  const nodes = [pick(others), "honest", "honest"] as NodePart[];
  const place = Math.floor(random() * 3);
  [nodes[0], nodes[place]] = [nodes[place] as NodePart, nodes[0] as NodePart];
  return {
    consumer: pick<ConsumerPart>(["honest", "honest", "silent", "stingy", "underpaying"]),
    nodes,
    silentFrom: 5 + Math.floor(random() * 60),
    lostPercent: pick([0, 10, 40]),
    doubledPercent: pick([0, 30]),
    forcedPercent: pick([0, 5, 50]),
  };
}

test("with at most one bad node, every unit of thousands of leases ends where the rules say", () => {
  const seen = { cleared: 0, forced: 0, checked: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + LEASES; seed++) {
    const random = seededRandom(seed);
    const cast = castOf(random);
    const world = new Simulation(cast, random).run();
    const told = `seed ${seed}: ${JSON.stringify(cast)}`;
    const { exchange, consumer, nodes } = world;
    assert.equal(exchange.closed, true, `open for ever, ${told}`);
    const paid = exchange.earned.reduce((sum, each) => sum + each, 0n);
    assert.equal(paid + exchange.refunded, exchange.deposit, `a unit is lost, ${told}`);

    const priceOf = (filter: (nonce: number) => boolean) =>
      consumer.orders.filter(({ nonce }) => filter(nonce)).reduce((sum, { price }) => sum + price, 0n);
    for (const [id, node] of nodes.entries()) {
      const earned = exchange.earned[id] as bigint;
      const most = priceOf((nonce) => consumer.checked.has(nonce) || exchange.settled.has(nonce));
      assert.ok(earned <= most, `node ${id} has ${earned} of at most ${most}, ${told}`);
      if (node.part !== "honest") continue;
      const honest = nodes.filter(({ part }) => part === "honest");
      const owed = priceOf(
        (nonce) => node.agreesOn(nonce) && honest.filter((each) => each.agreesOn(nonce)).length >= 2,
      );
      assert.ok(earned >= owed, `node ${id} has ${earned} of ${owed}, ${told}`);
    }
    seen.cleared += exchange.upTo;
    seen.forced += exchange.forced;
    seen.checked += consumer.checked.size;
  }
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 1_000, `${what}: ${count}`);
});
