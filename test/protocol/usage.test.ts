import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { billOf, priceOf, RATE_AXES, RATE_UNITS, type Rates, type Usage } from "#protocol/usage.ts";

const amount = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n });
const rates = fc.record({ job: amount, fuel: amount, memory: amount, bytes: amount, events: amount });
const count = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const usage = fc.record({
  fuel: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  memoryPages: count,
  bytesIn: count,
  bytesOut: count,
  events: count,
});

test("a bill's lines add up to the price, each the exact quotient rounded up", () => {
  fc.assert(
    fc.property(usage, rates, (used: Usage, rate: Rates) => {
      const lines = billOf(used, rate);
      assert.deepEqual(
        lines.map(({ axis }) => axis),
        RATE_AXES,
      );
      assert.equal(
        lines.reduce((sum, line) => sum + line.amount, 0n),
        priceOf(used, rate),
      );
      for (const { axis, quantity, rate: price, amount: charged } of lines) {
        const exact = quantity * price;
        assert.ok(charged * RATE_UNITS[axis] >= exact && (charged - 1n) * RATE_UNITS[axis] < exact, axis);
      }
    }),
  );
});

test("more of anything never costs less", () => {
  fc.assert(
    fc.property(usage, rates, fc.constantFrom("memoryPages", "bytesIn", "bytesOut", "events"), (used, rate, axis) => {
      const more = { ...used, [axis]: used[axis as "events"] + 1 };
      assert.ok(priceOf(more, rate) >= priceOf(used, rate));
    }),
  );
});

test("a known bill", () => {
  const used = { fuel: 2_500_000_000n, memoryPages: 1_025, bytesIn: 1_000_000, bytesOut: 48_577, events: 1 };
  const amounts = billOf(used, { job: 5n, fuel: 100n, memory: 10n, bytes: 7n, events: 1_000n }).map(
    (line) => line.amount,
  );
  assert.deepEqual(amounts, [5n, 250n, 11n, 8n, 1n]);
});
