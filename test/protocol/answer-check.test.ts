import assert from "node:assert/strict";
import { test } from "node:test";
import {
  caughtChance,
  drawChecks,
  receiptDifference,
  requireCheckShare,
  wrongAnswersUntil,
} from "#protocol/answer-check.ts";
import type { Receipt } from "#protocol/order.ts";

/** Every sequence of `length` values of `values`. */
function sequences(values: readonly number[], length: number): number[][] {
  if (length === 0) return [[]];
  return sequences(values, length - 1).flatMap((row) => values.map((value) => [...row, value]));
}

test("a cartel with n wrong answers is caught with 1 - (1 - share)^n, whichever jobs it picks", () => {
  // Chance in tenths, so that every outcome of the draw is seen once and the share is exact.
  const tenths = Array.from({ length: 10 }, (_, index) => index / 10);
  for (const share of [0.1, 0.3, 0.5, 1]) {
    for (const [jobs, wrong] of [
      [4, [0, 1, 2, 3]],
      [4, [2]],
      [4, [0, 3]],
      [5, [1, 2, 4]],
      [1, [0]],
    ] as const) {
      const outcomes = sequences(tenths, jobs);
      const caught = outcomes.filter((chances) => {
        const left = [...chances];
        return drawChecks(jobs, share, () => left.shift() ?? 1).some((job) => wrong.some((index) => index === job));
      });
      const expected = 1 - (1 - share) ** wrong.length;
      const label = `${share} of ${jobs}, ${wrong.length} wrong`;
      assert.ok(Math.abs(caught.length / outcomes.length - expected) < 1e-12, label);
      assert.ok(Math.abs(caughtChance(share, wrong.length) - expected) < 1e-12, label);
    }
  }
});

test("the jobs are asked about one by one and in their order", () => {
  const chances = [0.04, 0.05, 0.9, 0];
  assert.deepEqual(
    drawChecks(4, 0.05, () => chances.shift() ?? assert.fail("asked more than once a job")),
    [0, 3],
  );
  assert.deepEqual(
    drawChecks(3, 1, () => 1 - Number.EPSILON),
    [0, 1, 2],
  );
});

test("how many wrong answers it takes is the least number that gives the chance", () => {
  assert.equal(wrongAnswersUntil(0.05, 0.5), 14);
  assert.equal(wrongAnswersUntil(0.05, 0.95), 59);
  assert.equal(wrongAnswersUntil(1, 0.999), 1);
  for (const share of [1e-9, 0.001, 0.05, 0.5, 0.9]) {
    for (const chance of [0.01, 0.5, 0.99]) {
      const wrong = wrongAnswersUntil(share, chance);
      assert.ok(caughtChance(share, wrong) >= chance, `${share} ${chance}`);
      assert.ok(wrong === 1 || caughtChance(share, wrong - 1) < chance, `${share} ${chance}`);
    }
  }
  assert.equal(caughtChance(0.05, 0), 0);
  assert.equal(caughtChance(1, 0), 0);
});

test("no share outside (0, 1] is a share of jobs", () => {
  for (const share of [0, -0.1, 1.01, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => requireCheckShare(share), { code: "check-out-of-range" }, String(share));
  }
  for (const share of [Number.MIN_VALUE, 0.05, 1]) requireCheckShare(share);
});

test("an answer stands when outcome, response and every unit of usage are as known", () => {
  const digest = (byte: string) => `sha256:${byte.repeat(32)}` as Receipt["request"];
  const usage = { fuel: 7n, memoryPages: 1, bytesIn: 2, bytesOut: 3, events: 0 };
  const known: Receipt = { request: digest("11"), outcome: "ok", response: digest("22"), usage };
  assert.equal(receiptDifference(known, structuredClone(known)), undefined);
  assert.equal(receiptDifference(known, undefined), "there is no receipt");
  const others: readonly [Partial<Receipt>, RegExp][] = [
    [{ request: digest("33") }, /^request is /],
    [{ outcome: "trap" }, /^outcome is ok here, trap/],
    [{ response: digest("33") }, /^response is /],
    ...(Object.keys(usage) as (keyof typeof usage)[]).map((axis): [Partial<Receipt>, RegExp] => [
      { usage: { ...usage, [axis]: 99 } },
      new RegExp(`^${axis} is ${usage[axis]} here, 99`),
    ]),
  ];
  for (const [change, expected] of others)
    assert.match(receiptDifference(known, { ...known, ...change }) ?? "", expected);
});
