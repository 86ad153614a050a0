import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import {
  type ClearingQuestion,
  clearingCost,
  clearingGas,
  decideClearing,
  leaseCost,
} from "#protocol/clearing-decision.ts";

const ASKED: ClearingQuestion = {
  gain: 1_000n,
  nodes: 3,
  leases: 1,
  gasPrice: 1_000_000_000n,
  coinPrice: 1_000_000n,
  costShareBps: 1_000,
  now: 0,
  clearBy: undefined,
  marginSeconds: 30,
};

test("the expected gas is enough for what the snapshot measured, and less than twice as much", () => {
  const path = new URL("../contracts/gas-snapshot.json", import.meta.url);
  const measured: Record<string, number> = JSON.parse(readFileSync(path, "utf8"));
  for (const [call, nodes, leases] of [
    ["clear of 4", 6, 4],
    ["clear of 1", 3, 1],
  ] as const) {
    const [gas, expected] = [measured[call] ?? 0, Number(clearingGas(nodes, leases))];
    assert.ok(gas <= expected && expected < 2 * gas, `${call}: ${gas} measured, ${expected} expected`);
  }
});

test("a clearing waits until it pays well, does not wait when it may be lost, and never costs more than it gives", () => {
  const cost = clearingCost(3, 1, ASKED);
  assert.equal(cost, (clearingGas(3, 1) * 10n ** 9n * 10n ** 6n + 10n ** 18n - 1n) / 10n ** 18n);
  const decide = (change: Partial<ClearingQuestion>) => decideClearing({ ...ASKED, ...change });
  assert.equal(decide({ gain: cost }), "worthless");
  assert.equal(decide({ gain: cost, clearBy: 1 }), "worthless");
  assert.equal(decide({ gain: cost + 1n }), "wait");
  assert.equal(decide({ gain: cost * 10n - 1n }), "wait");
  assert.equal(decide({ gain: cost * 10n }), "clear");
  assert.equal(decide({ gain: cost + 1n, clearBy: 31 }), "wait");
  assert.equal(decide({ gain: cost + 1n, clearBy: 30 }), "urgent");
});

test("what a lease costs more is what a clearing with it costs more", () => {
  for (const gasPrice of [0n, 1n, 10n ** 9n, 10n ** 12n]) {
    const costs = { gasPrice, coinPrice: 3_000_000_000n };
    const more = clearingCost(5, 8, costs) - clearingCost(5, 7, costs);
    // Each is rounded up by itself.
    assert.ok(more <= leaseCost(costs) && leaseCost(costs) <= more + 1n);
  }
});

test("no decision to send loses money, at any price of gas", () => {
  const big = (max: bigint) => fc.bigInt({ min: 0n, max });
  const questions = fc.record({
    gain: big(10n ** 9n),
    gasPrice: big(10n ** 12n),
    coinPrice: big(10n ** 10n),
    nodes: fc.integer({ min: 1, max: 1_024 }),
    leases: fc.integer({ min: 1, max: 700 }),
    clearBy: fc.option(fc.nat(100), { nil: undefined }),
  });
  fc.assert(
    fc.property(questions, (change) => {
      const question = { ...ASKED, ...change };
      const decision = decideClearing(question);
      const cost = clearingCost(question.nodes, question.leases, question);
      if (decision === "clear" || decision === "urgent") assert.ok(question.gain > cost);
      // More in the same batch never turns a good clearing into a bad one.
      if (decision === "clear") assert.notEqual(decideClearing({ ...question, gain: question.gain * 2n }), "worthless");
    }),
  );
});
