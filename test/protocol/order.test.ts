import assert from "node:assert/strict";
import { test } from "node:test";
import { keccak256, stringToHex } from "viem";
import { digestOf } from "#protocol/digest.ts";
import { LIMITS } from "#protocol/limits.ts";
import * as order from "#protocol/order.ts";
import type { Rates, Usage } from "#protocol/usage.ts";

const digest = (text: string) => digestOf(new TextEncoder().encode(text));
const hash = (text: string) => keccak256(stringToHex(text));
const job: order.JobSpec = {
  image: digest("image"),
  request: digest("request"),
  virtualTimeMillis: 1_700_000_000_000,
  seed: hash("seed"),
  fuel: 1_000n,
  memoryPages: 16,
  responseBytes: 4_096,
};
const usage: Usage = { fuel: 900n, memoryPages: 12, bytesIn: 100, bytesOut: 200, events: 3 };
const receipt: order.Receipt = { request: job.request, outcome: "ok", response: digest("response"), usage };

/** Every field changed by itself must give another hash: nothing is left unsigned. */
function changes<Value extends object>(
  value: Value,
  changed: { readonly [Field in keyof Value]: Value[Field] },
): Value[] {
  return Object.keys(value).map((field) => ({ ...value, [field]: changed[field as keyof Value] }));
}

test("the jobs' root binds every field and the place of every job", () => {
  const other = {
    image: digest("x"),
    request: digest("y"),
    virtualTimeMillis: 1,
    seed: hash("z"),
    fuel: 1n,
    memoryPages: 1,
    responseBytes: 1,
  };
  const roots = [[job], ...changes(job, other).map((changed) => [changed]), [job, job]].map(order.jobsRoot);
  assert.equal(new Set(roots).size, roots.length);
  assert.notEqual(order.jobsRoot([job, other]), order.jobsRoot([other, job]));
});

test("the result binds the answer and every axis of its usage", () => {
  const otherUsage = { fuel: 1n, memoryPages: 1, bytesIn: 1, bytesOut: 1, events: 1 };
  const other: order.Receipt = { request: digest("x"), outcome: "trap", response: digest("y"), usage: otherUsage };
  const receipts = [
    receipt,
    ...changes(receipt, other),
    ...changes(usage, otherUsage).map((changed) => ({ ...receipt, usage: changed })),
  ];
  const hashes = receipts.map((each) => order.resultHash([each]));
  assert.equal(new Set(hashes).size, hashes.length);
});

test("an order has at least one job and at most the limit", () => {
  assert.throws(() => order.jobsRoot([]), { code: "order-empty" });
  assert.throws(() => order.resultHash(Array(LIMITS.orderJobs + 1).fill(receipt)), { code: "order-too-large" });
});

test("a price never passes the cap, nor the worst price of the job's limits", () => {
  const rates: Rates = { job: 1n, fuel: 1_000_000_000n, memory: 1_024n, bytes: 1_048_576n, events: 1_000n };
  assert.equal(order.orderPrice([receipt], rates, 10_000n), 1n + 900n + 12n + 300n + 3n);
  assert.equal(order.orderPrice([receipt], rates, 1_000n), 1_000n);
  assert.ok(order.worstPrice(job, usage.bytesIn, rates) >= order.orderPrice([receipt], rates, 2n ** 90n));
});

test("a seal hides and binds result, price, node and order", () => {
  const node = `0x${"11".repeat(20)}` as const;
  const seals = [
    order.commitmentSeal(hash("o"), node, hash("r"), 5n, hash("s")),
    order.commitmentSeal(hash("p"), node, hash("r"), 5n, hash("s")),
    order.commitmentSeal(hash("o"), `0x${"12".repeat(20)}`, hash("r"), 5n, hash("s")),
    order.commitmentSeal(hash("o"), node, hash("q"), 5n, hash("s")),
    order.commitmentSeal(hash("o"), node, hash("r"), 6n, hash("s")),
    order.commitmentSeal(hash("o"), node, hash("r"), 5n, hash("t")),
  ];
  assert.equal(new Set(seals).size, seals.length);
});

test("the commits' hash does not depend on the order in which commitments came", () => {
  const set = [3, 1, 2].map((n) => ({
    order: hash("o"),
    node: `0x${`0${n}`.repeat(20)}` as const,
    seal: hash(`${n}`),
  }));
  assert.equal(order.commitsHash(set), order.commitsHash(set.toReversed()));
  assert.notEqual(order.commitsHash(set), order.commitsHash(set.slice(1)));
});

test("a quorum is the smallest count that reaches the share", () => {
  const counts = [
    [6_666, 3],
    [6_667, 3],
    [10_000, 3],
    [5_001, 4],
    [5_001, 1],
    [8_000, 5],
  ] as const;
  assert.deepEqual(
    counts.map(([bps, size]) => order.quorumCount(bps, size)),
    [2, 3, 3, 3, 1, 4],
  );
});
