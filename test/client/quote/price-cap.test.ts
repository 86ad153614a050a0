// What a quote makes a consumer sign for.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jobTerms } from "#client/job-terms.ts";
import { exactLimits } from "#client/quote/exact-limits.ts";
import { fundingFor, quotedPrice } from "#client/quote/price-cap.ts";
import type { Offer } from "#protocol/signed-messages.ts";
import type { Rates } from "#protocol/usage.ts";

const rate = fc.bigInt(0n, 10n ** 9n);
const rates: fc.Arbitrary<Rates> = fc.record({ job: rate, fuel: rate, memory: rate, bytes: rate, events: rate });
const usage = fc.record({
  fuel: fc.bigInt(0n, 10n ** 11n),
  memoryPages: fc.integer({ min: 0, max: 8_192 }),
  bytesIn: fc.nat(2 ** 24),
  bytesOut: fc.nat(2 ** 24),
  events: fc.nat(100_000),
});

test("the cap covers every node's own price, the lease covers the cap, and neither exceeds the budget", () => {
  fc.assert(
    fc.property(fc.array(rates, { minLength: 1, maxLength: 16 }), fc.array(usage, { minLength: 1 }), (all, usages) => {
      const terms = jobTerms({ budget: 10n ** 24n, forceFee: 7n });
      const quote = { jobs: [], requests: [], usage: usages, responses: [] };
      const { maxPrice, amount } = fundingFor(
        quote,
        all.map((each) => ({ rates: each }) as Offer),
        terms,
      );
      assert.ok(all.every((each) => quotedPrice(quote, each) <= maxPrice));
      assert.ok(amount >= maxPrice * BigInt(all.length));
      assert.ok(amount - terms.forceFee <= terms.budget);
    }),
    { numRuns: 200 },
  );
});

test("unmeasured jobs are capped by the budget's share, measured ones beyond it are refused", () => {
  const offers = [{ rates: { job: 1_000n, fuel: 0n, memory: 0n, bytes: 0n, events: 0n } } as Offer];
  const one = { fuel: 1n, memoryPages: 1, bytesIn: 0, bytesOut: 0, events: 0 };
  const terms = jobTerms({ budget: 300n, replicas: 1 });
  assert.equal(fundingFor({ jobs: [], requests: [], usage: [one] }, offers, terms).maxPrice, 300n);
  assert.throws(() => fundingFor({ jobs: [], requests: [], usage: [one], responses: [] }, offers, terms), {
    code: "budget-too-small",
  });
});

test("limits from a run hold that run again, and never exceed what was wished", () => {
  fc.assert(
    fc.property(usage, (used) => {
      const wished = { fuel: 2n * 10n ** 11n, memoryPages: 8_192, responseBytes: 2 ** 24 };
      const limits = exactLimits(used, wished);
      assert.ok(limits.fuel > used.fuel && limits.fuel <= wished.fuel);
      assert.ok(limits.memoryPages >= used.memoryPages && limits.memoryPages <= wished.memoryPages);
      assert.ok(limits.responseBytes >= used.bytesOut && limits.responseBytes <= wished.responseBytes);
    }),
  );
});

test("terms out of range are refused before anything is done", () => {
  assert.throws(() => jobTerms({ replicas: 0 }), { code: "replicas-out-of-range" });
  assert.throws(() => jobTerms({ replicas: 17 }), { code: "replicas-out-of-range" });
  assert.throws(() => jobTerms({ quorumBps: 5_000 }), { code: "quorum-out-of-range" });
  assert.throws(() => jobTerms({ deadlineSeconds: 1 }), { code: "deadline-out-of-range" });
  assert.throws(() => jobTerms({ budget: 0n }), { code: "budget-zero" });
});
