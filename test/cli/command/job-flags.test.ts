import assert from "node:assert/strict";
import { test } from "node:test";
import { checkFlags } from "#cli/command/job-flags.ts";
import { runOptions } from "#cli/commands/run/run-options.ts";

test("a share of jobs to check is above 0 and up to 1, and its known answers are one's own unless told", () => {
  assert.equal(checkFlags({}), undefined);
  assert.deepEqual(checkFlags({ check: "0.05" }), { share: 0.05, by: "self" });
  assert.deepEqual(checkFlags({ check: ".5", checkBy: "committee" }), { share: 0.5, by: "committee" });
  assert.deepEqual(checkFlags({ check: "1" }), { share: 1, by: "self" });
  for (const check of ["0", "0.0", "1.5", "-0.1", "5%", "1e-3", "", "NaN"]) {
    assert.throws(() => checkFlags({ check }), { code: "option-invalid" }, check);
  }
  assert.throws(() => checkFlags({ check: "0.1", checkBy: "nobody" }), { code: "option-invalid" });
  assert.throws(() => checkFlags({ checkBy: "self" }), { code: "options-conflict" });
});

test("checking a share takes the place of the quote's run of everything", () => {
  assert.equal(runOptions({}, "a.wasm").quote, true);
  assert.equal(runOptions({ check: "0.05" }, "a.wasm").quote, false);
});
