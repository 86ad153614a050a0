import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  afterDeposit,
  afterForfeit,
  afterHarvest,
  afterWithdrawal,
  assetsAt,
  DRIP_SECONDS,
  dripOf,
  drippingAt,
  EMPTY_PROFIT_SHARE,
  worthAt,
} from "#protocol/profit-share.ts";

const TOKEN = 1_000_000n;
const SHARE = 10n ** 12n;

test("what comes while nobody holds a share waits, and drips with the first holder", () => {
  const waiting = afterHarvest(EMPTY_PROFIT_SHARE, 70n * TOKEN, 1_000);
  const later = 1_000 + 2 * DRIP_SECONDS;
  assert.deepEqual([waiting.managed, assetsAt(waiting, later)], [70n * TOKEN, 0n]);
  const held = afterDeposit(waiting, 30n * TOKEN, 30n * SHARE, later);
  assert.deepEqual([assetsAt(held, later), drippingAt(held, later)], [30n * TOKEN, 70n * TOKEN]);
  assert.equal(assetsAt(held, later + DRIP_SECONDS / 7), 40n * TOKEN);
  assert.equal(assetsAt(held, later + DRIP_SECONDS), 100n * TOKEN);
  assert.ok(70n * TOKEN - dripOf(held, 30n * SHARE, later) <= 3n, "but for what belongs to nobody");
});

test("a unit that drips is the holders' only once it is whole", () => {
  const vault = afterHarvest(afterDeposit(EMPTY_PROFIT_SHARE, TOKEN, SHARE, 0), 1n, 0);
  assert.deepEqual([drippingAt(vault, DRIP_SECONDS - 1), drippingAt(vault, DRIP_SECONDS)], [1n, 0n]);
});

test("the price never falls by a fee or a punishment, and nobody takes out what is not there", () => {
  const happening = fc.record({
    kind: fc.constantFrom("harvest", "forfeit", "deposit", "withdraw", "wait"),
    amount: fc.bigInt({ min: 1n, max: 1_000n * TOKEN }),
    seconds: fc.nat(DRIP_SECONDS),
  });
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 20 }), (happenings) => {
      let vault = afterDeposit(EMPTY_PROFIT_SHARE, 5n * TOKEN, 5n * SHARE, 0);
      let time = 0;
      for (const { kind, amount, seconds } of happenings) {
        time += seconds;
        const before = worthAt(vault, SHARE, time);
        const part = (vault.shares * amount) / (2_000n * TOKEN);
        const worth = worthAt(vault, part, time);
        if (kind === "harvest") vault = afterHarvest(vault, amount, time);
        if (kind === "forfeit") vault = afterForfeit(vault, worth, part, time);
        if (kind === "deposit") vault = afterDeposit(vault, amount, (amount * SHARE) / (before + 1n), time);
        if (kind === "withdraw") vault = afterWithdrawal(vault, worth, part);
        assert.ok(worthAt(vault, SHARE, time) >= before, kind);
        assert.ok(worthAt(vault, vault.shares, time) <= assetsAt(vault, time));
        assert.ok(assetsAt(vault, time) + drippingAt(vault, time) === vault.managed);
      }
    }),
    { numRuns: 200 },
  );
});
