import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PROGRAMS } from "./determinism-programs.ts";

const main = fileURLToPath(new URL("./determinism-main.ts", import.meta.url));

/** As executors have it: the counted depth must end before the native stack does. */
const STACK = "--stack-size=3900";

async function results(flags: readonly string[], rounds: number) {
  const { stdout } = await promisify(execFile)(process.execPath, [STACK, ...flags, main, String(rounds)]);
  return JSON.parse(stdout) as Record<string, { outcome: string; repeats: boolean; logs: string }>;
}

test("every tier of V8, in fresh processes under load, gives the same bytes, fuel and memory", async () => {
  const [tiered, baseline, optimised] = await Promise.all([
    results([], 2),
    results(["--liftoff-only"], 1),
    results(["--no-liftoff"], 1),
  ]);
  assert.deepEqual(Object.keys(tiered), Object.keys(PROGRAMS));
  for (const [name, result] of Object.entries(tiered)) {
    assert.equal(result.outcome, "ok", `${name}: ${result.logs}`);
    assert.equal(result.repeats, true, name);
    assert.deepEqual(baseline[name], result, `${name} under Liftoff alone`);
    assert.deepEqual(optimised[name], result, `${name} under TurboFan alone`);
  }
});
