import assert from "node:assert/strict";
import { test } from "node:test";
import { type Exception, judgeBranches, type MeasuredOutcome } from "#scripts/coverage/judge-branches.ts";

/** Conditions of one contract, covered but for the outcomes named. */
function measure(conditions: number, ...missed: string[]): MeasuredOutcome[] {
  const outcomes: MeasuredOutcome[] = [];
  for (let i = 0; i < conditions; i++) {
    for (const outcome of ["true", "false"] as const) {
      const place = { contract: "C.sol", line: i + 1, where: "f", what: `c${i}` };
      outcomes.push({ ...place, outcome, covered: !missed.includes(`c${i} ${outcome}`) });
    }
  }
  return outcomes;
}

const exception: Exception = { contract: "C.sol", where: "f", what: "c0", outcome: "true", reason: "nothing does" };

test("an outcome that no test reaches is enough to fail, unless it is named", () => {
  assert.ok(judgeBranches(measure(20), []).ok);
  const missed = measure(20, "c0 true");
  assert.deepEqual(judgeBranches(missed, []).uncovered, [
    { contract: "C.sol", line: 1, where: "f", what: "c0", outcome: "true", reason: undefined },
  ]);
  assert.equal(judgeBranches(missed, []).ok, false);
  assert.equal(judgeBranches(missed, [exception]).ok, true);
});

test("an exception that is reached, or that no contract has, fails", () => {
  for (const stale of [exception, { ...exception, where: "g" }]) {
    assert.deepEqual(judgeBranches(measure(20), [stale]).stale, [stale]);
    assert.equal(judgeBranches(measure(20), [stale]).ok, false);
  }
});

test("below 95 % no name helps", () => {
  const missed = measure(9, "c0 true");
  assert.deepEqual(judgeBranches(missed, [exception]).branches, { covered: 17, total: 18 });
  assert.equal(judgeBranches(missed, [exception]).ok, false);
});

test("functions are counted beside branches, and must be reached too", () => {
  const place = { contract: "D.sol", line: 1, where: "g", what: "function" };
  const { contracts, ok } = judgeBranches([...measure(1), { ...place, outcome: "reached", covered: false }], []);
  assert.deepEqual(contracts, [
    { contract: "C.sol", branches: { covered: 2, total: 2 }, functions: { covered: 0, total: 0 } },
    { contract: "D.sol", branches: { covered: 0, total: 0 }, functions: { covered: 0, total: 1 } },
  ]);
  assert.equal(ok, false);
});
