// Thousands of leases over a bad network, with every mix of parties: each unit ends where the rules say. A failure names
// its seed. SIMULATION_SEED=N begins with it; SIMULATION_LEASES=N runs so many leases instead of the usual ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Cast,
  type ConsumerPart,
  type LeaseCast,
  type NodePart,
  pick,
  type Random,
  seededRandom,
} from "./simulation/cast.ts";
import { outcomeOf } from "./simulation/guarantees.ts";
import { Simulation } from "./simulation/simulation.ts";

const LEASES = Number(process.env.SIMULATION_LEASES ?? 2_000);
const FIRST_SEED = Number(process.env.SIMULATION_SEED ?? 1);

const CONSUMERS: readonly ConsumerPart[] = [
  ...(["honest", "honest", "honest", "silent", "silent"] as const),
  ...(["stingy", "underpaying", "grabbing", "choosy"] as const),
];
const BAD: readonly NodePart[] = ["colluding", "colluding", "refusing", "dead", "idle"];

function castOf(random: Random): Cast {
  const count = pick(random, [3, 4, 5]);
  const bad = pick(random, [0, 0, 1, 1, 2, 2, 3]);
  const parts = Array.from({ length: count }, (_, id): NodePart => (id < bad ? pick(random, BAD) : "honest"));
  const nodes = shuffled(random, bad === 2 && random() < 0.6 ? parts.map(together) : parts);
  const stakes = pick(random, [() => 10n, () => 10n, () => 0n, () => BigInt(1 + Math.floor(random() * 30))]);
  return {
    nodes,
    stakes: nodes.map(() => stakes()),
    leases: Array.from({ length: pick(random, [1, 2, 3]) }, () => leaseOf(random, count)),
    orderSeconds: pick(random, [9, 11, 24]),
    silentFrom: 5 + Math.floor(random() * 60),
    lostPercent: pick(random, [0, 0, 10, 40]),
    doubledPercent: pick(random, [0, 30]),
    crashesPerMille: pick(random, [0, 5, 30]),
    meddlePercent: pick(random, [0, 5, 50]),
  };
}

function leaseOf(random: Random, count: number): LeaseCast {
  const size = pick(random, count === 5 ? [3, 5] : [3]);
  const committee = shuffled(random, [...Array(count).keys()]).slice(0, size);
  return {
    consumer: pick(random, CONSUMERS),
    committee: committee.toSorted((a, b) => a - b),
    quorumBps: pick(random, [5_001, 5_001, 6_000, 6_667]),
  };
}

function together(part: NodePart): NodePart {
  return part === "honest" ? part : "colluding";
}

function shuffled<Item>(random: Random, all: readonly Item[]): readonly Item[] {
  return all
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

test("whoever crashes, lies, colludes or meddles, every unit of thousands of leases ends where the rules say", (context) => {
  const seen: Record<string, number> = {};
  const count = (what: string, times = 1) => {
    seen[what] = (seen[what] ?? 0) + times;
  };
  for (let seed = FIRST_SEED, leases = 0; leases < LEASES; seed++) {
    const random = seededRandom(seed);
    const cast = castOf(random);
    const world = new Simulation(cast, random).run();
    const outcome = outcomeOf(world);
    const told = JSON.stringify(cast, (_, value) => (typeof value === "bigint" ? `${value}` : value));
    assert.deepEqual(outcome.faults, [], `seed ${seed}: ${told}`);
    for (const [what, times] of Object.entries({ ...outcome.seen, ...world.crashes })) count(what, times);
    count("accuse", world.witness.accusations);
    for (const { settled, cleared } of world.exchange.leases) {
      count("cleared", cleared.length);
      count("closedByVoucher", cleared.filter(({ last }) => last).length);
      for (const { by } of settled.values()) count(by);
    }
    leases += cast.leases.length;
  }
  context.diagnostic(JSON.stringify(seen));
  // Each of them lets a quorum's forcer cut somebody out, so nodes see to it that it stays rare.
  assert.ok(
    (seen.leftOut ?? 0) * 400 < (seen.owed ?? 0) || LEASES < 1_000,
    `left out: ${seen.leftOut} of ${seen.owed}`,
  );
  // A world in which something never happens says nothing of it.
  for (const what of [
    "cleared",
    "settle",
    "adjudicate",
    "claim",
    "accuse",
    "leftOut",
    "honestFrozen",
    "nodes",
    "consumers",
  ]) {
    assert.ok((seen[what] ?? 0) > 0 || LEASES < 1_000, `${what}: ${seen[what]}`);
  }
});
