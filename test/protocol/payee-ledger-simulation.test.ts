// Thousands of leases over a bad network, with every mix of parties: each unit ends where the rules say. A failure names
// its seed. SIMULATION_SEED=N begins with it; SIMULATION_LEASES=N runs so many leases instead of the usual ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Cast, seededRandom } from "./simulation/cast.ts";
import { drawCast } from "./simulation/draw-cast.ts";
import { outcomeOf } from "./simulation/guarantees.ts";
import { Simulation } from "./simulation/simulation.ts";

const LEASES = Number(process.env.SIMULATION_LEASES ?? 2_000);
const FIRST_SEED = Number(process.env.SIMULATION_SEED ?? 1);
const TRACE_LINES = 60;

/** What must have happened: a world in which something never happens says nothing of it. */
const HAPPENS: readonly string[] = [
  ...["cleared", "closedByVoucher", "settle", "adjudicate", "claim", "skippedBesides", "collected"],
  ...["owed", "leftOut", "tooDear", "honestFrozen", "saved", "verdict", "noVerdict"],
  ...["punished by majority", "punished by jury", "punished by equivocation"],
];
/** Steps of nodes, consumers and jurors that must have ended in a crash. */
const CRASHES: readonly string[] = [
  ...["an order", "a result", "an attestation", "a voucher", "a clearing", "a claim", "others' attestations"],
  ...["a checked answer", "a reading"],
].flatMap((step) => [`before ${step} is written`, `after ${step} is written`]);
const CRASHES_BEHIND: readonly string[] = [
  ...["an order", "an attestation", "a voucher", "a clearing", "a claim"].map((step) => `after ${step} is signed`),
  ...["after a call is sent", "before a vote is written", "after a vote is written"],
];

type Counts = Record<string, number>;

function count(seen: Counts, more: Readonly<Counts>): void {
  for (const [what, times] of Object.entries(more)) seen[what] = (seen[what] ?? 0) + times;
}

/** Runs the same world once more and tells what happened to the leases and orders that the faults name. */
function traceOf(seed: number, faults: readonly string[]): string {
  const random = seededRandom(seed);
  const lines: string[] = [];
  new Simulation(drawCast(random), random, (line) => lines.push(line)).run();
  const named = (text: string, what: "lease" | "order") => text.match(new RegExp(`(?<=\\b${what} )\\d+`, "g")) ?? [];
  const [leases, orders] = [
    faults.flatMap((fault) => named(fault, "lease")),
    faults.flatMap((fault) => named(fault, "order")),
  ];
  const isOf = (line: string, what: "lease" | "order", wanted: readonly string[]) => {
    const told = named(line, what);
    return wanted.length === 0 || told.length === 0 || told.some((each) => wanted.includes(each));
  };
  const told = lines.filter((line) => isOf(line, "lease", leases) && isOf(line, "order", orders));
  return told
    .filter((line) => !line.includes(": refused"))
    .slice(-TRACE_LINES)
    .join("\n");
}

function told(cast: Cast): string {
  return JSON.stringify(cast, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}

/** @returns how many leases it had */
function runSeed(seed: number, seen: Counts): number {
  const random = seededRandom(seed);
  const cast = drawCast(random);
  const world = new Simulation(cast, random).run();
  const outcome = outcomeOf(world);
  if (outcome.faults.length > 0) {
    const faults = outcome.faults.map((fault) => `  ${fault}`).join("\n");
    assert.fail(
      `SIMULATION_SEED=${seed} SIMULATION_LEASES=1\n${faults}\n${told(cast)}\n${traceOf(seed, outcome.faults)}`,
    );
  }
  count(seen, outcome.seen);
  count(seen, world.crashes);
  count(seen, { [cast.kind]: 1, skippedBesides: world.exchange.skippedBesides });
  for (const { times } of world.exchange.collected) count(seen, { collected: times });
  for (const { settled, cleared } of world.exchange.leases) {
    count(seen, { cleared: cleared.length, closedByVoucher: cleared.filter(({ last }) => last).length });
    for (const { by } of settled.values()) count(seen, { [by]: 1 });
  }
  return cast.leases.length;
}

test("whoever crashes, lies, colludes or meddles, every unit of thousands of leases ends where the rules say", (context) => {
  const seen: Counts = {};
  const { stackTraceLimit } = Error;
  // Most errors in it are refusals, and each one's stack would take longer than all else that it does.
  if (LEASES > 1) Error.stackTraceLimit = 0;
  try {
    for (let seed = FIRST_SEED, leases = 0; leases < LEASES; seed++) leases += runSeed(seed, seen);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  context.diagnostic(JSON.stringify(seen));
  if (LEASES < 2_000) return;
  const missing = [...HAPPENS, ...CRASHES, ...CRASHES_BEHIND].filter((what) => (seen[what] ?? 0) === 0);
  assert.deepEqual(missing, []);
  // Each of them lets a quorum's forcer cut somebody out, so nodes see to it that it stays rare.
  assert.ok((seen.leftOut ?? 0) * 50 < (seen.owed ?? 0), `left out: ${seen.leftOut} of ${seen.owed}`);
});
