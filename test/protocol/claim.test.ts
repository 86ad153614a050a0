import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, keccak256 } from "viem";
import { claimOf } from "#protocol/claim.ts";
import type { JobOrder } from "#protocol/signed-messages.ts";
import { signingHash } from "#protocol/signing.ts";

const DOMAIN = { chainId: 31_337, exchange: `0x${"e0".repeat(20)}` } as const;
const ROOT = `0x${"77".repeat(32)}` as const;

function order(nonce: number, change: Partial<JobOrder> = {}): JobOrder {
  const price = { maxPrice: 100n, forceFee: 0n, quorumBps: 6_000 };
  return { lease: `0x${"11".repeat(32)}`, nonce, jobs: ROOT, deadline: 1_000, ...price, ...change };
}

test("a claim binds its orders in their order, their receipts and the pay", () => {
  const orders = [order(1), order(2)];
  const claim = claimOf(DOMAIN, { orders, receiptsRoot: ROOT, perNode: 200n });
  const ids = orders.map((each) => signingHash(DOMAIN, "JobOrder", each));
  assert.deepEqual(claim, {
    lease: orders[0]?.lease,
    orders: keccak256(concat(ids)),
    receiptsRoot: ROOT,
    perNode: 200n,
  });
  const turned = claimOf(DOMAIN, { orders: orders.toReversed(), receiptsRoot: ROOT, perNode: 200n });
  assert.notEqual(turned.orders, claim.orders);
});

test("a claim is of one lease, has an order, and asks no more than its orders pay", () => {
  const claim = (orders: readonly JobOrder[], perNode: bigint) => () =>
    claimOf(DOMAIN, { orders, receiptsRoot: ROOT, perNode });
  assert.throws(claim([], 0n), { code: "claim-empty" });
  assert.throws(claim([order(1), order(2, { lease: ROOT })], 1n), { code: "lease-differs" });
  assert.throws(claim([order(1), order(2)], 201n), { code: "claim-exceeds-orders" });
});
