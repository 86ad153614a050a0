import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { OutcomeKind } from "#protocol/usage.ts";
import { PROGRAMS } from "./determinism-programs.ts";
import { HOSTILE } from "./hostile-programs.ts";

const main = fileURLToPath(new URL("./determinism-main.ts", import.meta.url));

/** As executors have it: the counted depth must end before the native stack does. */
const STACK = "--stack-size=3900";

interface Result {
  readonly outcome: string;
  readonly repeats: boolean;
  readonly leavesNothing: boolean;
  readonly logs: string;
}

async function results(flags: readonly string[], rounds: number): Promise<Record<string, Result>> {
  const { stdout } = await promisify(execFile)(process.execPath, [STACK, ...flags, main, String(rounds)]);
  return JSON.parse(stdout);
}

const [tiered, baseline, optimised] = await Promise.all([
  results([], 1),
  results(["--liftoff-only"], 1),
  results(["--no-liftoff"], 1),
]);

test("ordinary and hostile programs end as they must, and leave nothing to the next call", () => {
  for (const name of Object.keys(PROGRAMS)) assert.equal(tiered[name]?.outcome, "ok", `${name}: ${tiered[name]?.logs}`);
  for (const [name, [outcome]] of Object.entries(HOSTILE)) {
    const ended = tiered[name]?.outcome ?? "";
    assert.ok([outcome].flat().includes(ended as OutcomeKind), `${name} ended as ${ended}: ${tiered[name]?.logs}`);
  }
  for (const [name, { repeats, leavesNothing }] of Object.entries(tiered)) {
    assert.equal(repeats, true, name);
    assert.equal(leavesNothing, true, name);
  }
});

test("every tier of V8, in fresh processes under load, gives the same bytes, fuel and memory", () => {
  assert.equal(Object.keys(tiered).length, Object.keys(PROGRAMS).length + Object.keys(HOSTILE).length);
  for (const [name, result] of Object.entries(tiered)) {
    assert.deepEqual(baseline[name], result, `${name} under Liftoff alone`);
    assert.deepEqual(optimised[name], result, `${name} under TurboFan alone`);
  }
});
