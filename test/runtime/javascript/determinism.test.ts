import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { OutcomeKind } from "#protocol/usage.ts";
import { GOLDEN_PATH, goldenOf, runCorpus } from "./determinism-corpus.ts";
import { PROGRAMS } from "./determinism-programs.ts";
import { HOSTILE } from "./hostile-programs.ts";

const [tiered, baseline, optimised] = await Promise.all([
  runCorpus(),
  runCorpus({ flags: ["--liftoff-only"] }),
  runCorpus({ flags: ["--no-liftoff"] }),
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

test("every answer, memory and bill is the one that is committed", () => {
  assert.deepEqual(
    goldenOf(tiered),
    JSON.parse(readFileSync(GOLDEN_PATH, "utf8")),
    "If the change is meant, raise METERING_VERSION where fuel changed, and run: npm run golden",
  );
});
