// What the file of a lease keeps beside the protocol's ledger, and for how long.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newLease } from "#client/lease/lease-terms.ts";
import { openPayer } from "#client/store/payer-record.ts";
import {
  lackingNodes,
  type PayerLease,
  promisedPerNode,
  proofsFor,
  withAnswer,
  withHolder,
  withNewOrder,
  withNextVoucher,
  withReading,
} from "#client/vouchers/payer-account.ts";
import { LIMITS } from "#protocol/limits.ts";
import type { Attestation, Signed } from "#protocol/signed-messages.ts";
import { leaseIdOf } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";

const [A, B, C] = ["0a", "0b", "0c"].map((byte) => `0x${byte.repeat(20)}` as NodeId) as [NodeId, NodeId, NodeId];
const BYTES = `0x${"00".repeat(32)}` as const;

function rented(): PayerLease {
  const { terms, sessionKey } = newLease(A, [A, B, C]);
  return {
    version: 1,
    lease: leaseIdOf(terms),
    chainId: 1,
    exchange: A,
    terms: { ...terms, nodes: [A, B, C] },
    sessionKey,
    committee: [],
    amount: 1n,
    expiry: 1_000_000,
    orders: 0,
    use: "rented",
    createdAt: 0,
    closed: false,
    payer: openPayer(),
  };
}

function ordered(record: PayerLease, job: string): PayerLease {
  return withNewOrder(record, { job, maxPrice: 100n, deadline: 1_000, graceSeconds: 60 });
}

/** Three attestations at these prices; who signed them is another matter. */
function asked(...prices: readonly bigint[]): Signed<Attestation>[] {
  return [A, B, C].map((node, index) => ({
    message: { order: BYTES, node, resultHash: BYTES, price: prices[index] ?? 0n, commits: BYTES },
    signature: "0x",
  }));
}

function checked(record: PayerLease, ...prices: readonly bigint[]): PayerLease {
  const price = prices.toSorted((a, b) => Number(a - b))[1] ?? 0n;
  return withAnswer(record, { nonce: record.orders, price, leaf: BYTES, attestations: asked(...prices) });
}

test("an order that a job noted and never stored does not hold its next one up", () => {
  const twice = ordered(ordered(rented(), "job"), "job");
  assert.equal(twice.orders, 2);
  assert.deepEqual(
    twice.payer.orders.map(({ standing }) => standing),
    ["void", "open"],
  );
  assert.equal(withNextVoucher(checked(twice, 5n, 5n, 5n)).payer.signed?.upTo, 2);
  assert.equal(promisedPerNode(twice), 100n);
});

test("another job's order is left alone", () => {
  const two = ordered(ordered(rented(), "one"), "two");
  assert.deepEqual(
    two.payer.orders.map(({ standing }) => standing),
    ["open", "open"],
  );
  assert.equal(withNextVoucher(two), two, "the same object again: nothing to write");
});

test("only a node that asked for more is shown what the others asked, until the order is cleared", () => {
  const record = checked(ordered(rented(), "a"), 5n, 7n, 9n);
  assert.deepEqual(
    [A, B, C].map((node) => proofsFor(record, node).length),
    [0, 0, 3],
  );
  assert.deepEqual(proofsFor(checked(ordered(rented(), "a"), 5n, 5n, 5n), C), []);
  const reading = { paidPerNode: 7n, upTo: 1, forced: 0, settled: [] };
  const cleared = withReading(withNextVoucher(record), reading, 0);
  assert.deepEqual([proofsFor(cleared, C), cleared.payer.works, lackingNodes(cleared)], [[], [], []]);
});

test("proofs never outgrow what one submission may carry: the oldest go", () => {
  let record = rented();
  for (let index = 0; index < 100; index++) record = checked(ordered(record, `job ${index}`), 5n, 7n, 9n);
  const shown = proofsFor(record, C).length;
  assert.ok(shown <= LIMITS.voucherAttestations && shown > LIMITS.voucherAttestations - 3, `${shown}`);
  assert.equal(record.payer.works.at(-1)?.attestations.length, 3);
  assert.equal(record.payer.works[0]?.attestations.length, 0);
});

test("who has the voucher counts for that voucher alone", () => {
  const signed = withNextVoucher(checked(ordered(rented(), "a"), 5n, 5n, 5n));
  const voucher = signed.payer.signed ?? assert.fail();
  const held = withHolder(withHolder(signed, A, voucher), A, voucher);
  assert.deepEqual(lackingNodes(held), [B, C]);
  const next = withNextVoucher(checked(ordered(held, "b"), 5n, 5n, 5n));
  assert.deepEqual(lackingNodes(next), [A, B, C]);
  assert.equal(withHolder(next, B, voucher), next);
  const forced = withReading(held, { paidPerNode: 0n, upTo: 0, forced: 1, settled: [1] }, 0);
  assert.deepEqual([forced.payer.signed, forced.payer.holders], [null, []]);
});
