import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { digestOf } from "#protocol/digest.ts";
import {
  bytes32ToDigest,
  digestToBytes32,
  formatAmount,
  formatShares,
  parseAmount,
  parseDigest,
  parseShares,
} from "#protocol/units.ts";

test("amounts read back as they are shown", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 25n }), (amount) =>
      assert.equal(parseAmount(formatAmount(amount)), amount),
    ),
  );
  assert.deepEqual(["1", "1.25", "0.000001", " 2 "].map(parseAmount), [1_000_000n, 1_250_000n, 1n, 2_000_000n]);
  assert.deepEqual([-1_500_000n, 0n, 10n].map(formatAmount), ["-1.5", "0", "0.00001"]);
});

test("what is not a plain amount is refused", () => {
  for (const text of ["", "-1", "+1", "1.", ".5", "1.0000001", "1e6", "0x10", "1,000", "NaN", "١", "1".repeat(21)]) {
    assert.throws(() => parseAmount(text), { code: "amount-malformed" }, text);
  }
});

test("shares read back as they are shown, with six decimals more than tokens", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 31n }), (shares) =>
      assert.equal(parseShares(formatShares(shares)), shares),
    ),
  );
  assert.deepEqual(["1", "0.000000000001"].map(parseShares), [10n ** 12n, 1n]);
  for (const text of ["", "-1", "1.", "all", "0.0000000000001", "1".repeat(21)]) {
    assert.throws(() => parseShares(text), { code: "shares-malformed" }, text);
  }
});

test("a digest is SHA-256 and survives bytes32", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      const digest = digestOf(bytes);
      assert.equal(digest, `sha256:${createHash("sha256").update(bytes).digest("hex")}`);
      assert.equal(bytes32ToDigest(digestToBytes32(digest)), digest);
    }),
  );
  for (const text of [
    "",
    "sha256:",
    `sha256:${"A".repeat(64)}`,
    `sha512:${"a".repeat(64)}`,
    `sha256:${"a".repeat(63)}`,
  ]) {
    assert.throws(() => parseDigest(text), { code: "digest-malformed" }, text);
  }
});
