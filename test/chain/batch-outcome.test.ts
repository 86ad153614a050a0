import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Hex } from "viem";
import { clearingOutcome, openingsOutcome } from "#chain/batch-outcome.ts";
import * as calls from "#chain/calls.ts";
import { readNode } from "#chain/read-node.ts";
import { readTime } from "#chain/read-time.ts";
import { SKIP_REASONS } from "#protocol/lease-transitions.ts";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import { leaseIdOf } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { LEASE_FUNDS, LEASE_SECONDS, type LeaseStage, openLeaseStage } from "./lease-stage.ts";

let stage: LeaseStage;
before(async () => {
  stage = await openLeaseStage();
});
after(() => stage[Symbol.asyncDispose]());

async function opened(): Promise<LeaseTerms> {
  const terms = stage.newTerms();
  const expiry = (await readTime(stage.chain)) + LEASE_SECONDS;
  await stage.send(calls.openLeaseCall(stage.chain, terms, LEASE_FUNDS, expiry));
  return terms;
}

async function clear(batch: Hex) {
  const { logs } = await stage.send(calls.clearCall(stage.chain, batch));
  const outcome = clearingOutcome(stage.chain, logs);
  assert.ok(outcome);
  return outcome;
}

test("one bad entry in a batch is skipped for its reason, and the good ones are paid", async () => {
  const [good, last, other, forced, poor] = [
    await opened(),
    await opened(),
    await opened(),
    await opened(),
    await opened(),
  ];
  const voucher = await stage.signVoucher(good, { perNode: 10n, upTo: 3 });
  const notSigned = await stage.signVoucher(other, { perNode: 10n });
  const batch = [
    voucher,
    voucher,
    { ...notSigned, voucher: { ...notSigned.voucher, signature: voucher.voucher.signature } },
    await stage.signVoucher(forced, { forced: 1 }),
    await stage.signVoucher(poor, { perNode: LEASE_FUNDS / 3n + 1n }),
    await stage.signVoucher(stage.newTerms(), {}),
    await stage.signVoucher(last, { perNode: 5n, last: true }),
  ];
  const outcome = await clear(await stage.pack(batch));
  assert.deepEqual(outcome.cleared, [
    { lease: leaseIdOf(good), perNode: 10n, upTo: 3, total: 30n },
    { lease: leaseIdOf(last), perNode: 5n, upTo: 0, total: 15n },
  ]);
  assert.deepEqual(outcome.closed, [{ lease: leaseIdOf(last), refund: LEASE_FUNDS - 15n }]);
  assert.deepEqual(
    outcome.skipped.map(({ index, refusal }) => [index, refusal.code]),
    [
      [1, "voucher-stale"],
      [2, "voucher-not-signed"],
      [3, "forced-since"],
      [4, "lease-underfunded"],
      [5, "lease-not-live"],
    ],
  );
  assert.equal(outcome.skipped[0]?.refusal.context.lease, leaseIdOf(good));
  assert.deepEqual(
    outcome.paid,
    stage.nodes.map(({ address }) => ({ node: address.toLowerCase(), amount: 15n })),
  );
  assert.equal((await readNode(stage.chain, stage.nodes[0]?.address as NodeId))?.earned, 15n);
});

test("a voided job wants all its nodes' signatures: without one the lease is left alone", async () => {
  const entry = await stage.signVoucher(await opened(), {});
  const outcome = await clear(await stage.pack([entry], stage.nodes.slice(0, 1)));
  assert.deepEqual([outcome.cleared, outcome.paid], [[], []]);
  assert.deepEqual(
    outcome.skipped.map(({ refusal }) => refusal.code),
    ["node-not-signed"],
  );
});

test("an entry that names no node of the batch is skipped", async () => {
  const batch = await stage.pack([await stage.signVoucher(await opened(), {})]);
  const seat = 2 + 2 * (41 + 3 * 20 + 152);
  const outcome = await clear(`${batch.slice(0, seat)}0009${batch.slice(seat + 4)}` as Hex);
  const [skipped] = outcome.skipped;
  assert.equal(skipped?.refusal.code, SKIP_REASONS[0]);
  assert.ok(skipped?.refusal.hint);
});

test("of many openings the good ones open, and each other one tells its refusal", async () => {
  const expiry = (await readTime(stage.chain)) + LEASE_SECONDS;
  const [good, forged] = [stage.newTerms(), stage.newTerms()];
  const opening = await stage.signOpening(good, expiry);
  const call = calls.openManyCall(stage.chain, [
    { ...(await stage.signOpening(forged, expiry)), signature: opening.signature },
    opening,
    opening,
  ]);
  const outcome = openingsOutcome(stage.chain, (await stage.send(call)).logs);
  assert.deepEqual(outcome.opened, [leaseIdOf(good)]);
  assert.deepEqual(
    outcome.skipped.map(({ index, lease, refusal }) => [index, lease, refusal.code]),
    [
      [0, leaseIdOf(forged), "opening-signature-invalid"],
      [2, leaseIdOf(good), "lease-already-opened"],
    ],
  );
});

test("logs of another contract are nobody's clearing", async () => {
  const { logs } = await stage.send(
    calls.clearCall(stage.chain, await stage.pack([await stage.signVoucher(await opened(), {})])),
  );
  const elsewhere = logs.map((log) => ({ ...log, address: `0x${"99".repeat(20)}` as const }));
  assert.equal(clearingOutcome(stage.chain, elsewhere), undefined);
});
