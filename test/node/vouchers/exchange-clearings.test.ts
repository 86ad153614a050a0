import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type LocalAccount, zeroHash } from "viem";
import * as calls from "#chain/calls.ts";
import { readLease } from "#chain/read-lease.ts";
import { readTime } from "#chain/read-time.ts";
import { exchangeClearings } from "#node/vouchers/exchange-clearings.ts";
import { leaseIdOf } from "#protocol/signing.ts";
import { LEASE_FUNDS, LEASE_SECONDS, type LeaseStage, openLeaseStage } from "../../chain/lease-stage.ts";
import { newKey } from "../order-fixture.ts";

let stage: LeaseStage;
const home = mkdtempSync(join(tmpdir(), "mimik-clearings-"));
before(async () => {
  stage = await openLeaseStage();
});
after(async () => {
  await stage[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

const sender = (account: LocalAccount) =>
  exchangeClearings({ settings: stage.local.settings, account, journalPath: join(home, `${account.address}.sqlite`) });

test("anyone's key clears on the real exchange, and the same batch again is no second transaction", async () => {
  const terms = stage.newTerms();
  const expiry = (await readTime(stage.chain)) + LEASE_SECONDS;
  await stage.send(calls.openLeaseCall(stage.chain, terms, LEASE_FUNDS, expiry));
  const batch = await stage.pack([await stage.signVoucher(terms, { perNode: 30n, upTo: 2 })]);
  await using clearings = sender(stage.local.accounts[7] as LocalAccount);
  assert.ok((await clearings.gasPrice()) > 0n);
  const outcome = await clearings.clear(zeroHash, batch);
  assert.deepEqual(outcome.cleared, [{ lease: leaseIdOf(terms), perNode: 30n, upTo: 2, total: 90n }]);
  assert.deepEqual(await clearings.clear(zeroHash, batch), outcome);
  const { remaining, paidPerNode, upTo, forced } = (await readLease(stage.chain, leaseIdOf(terms))) ?? {};
  assert.deepEqual(
    { remaining, paidPerNode, upTo, forced },
    { remaining: LEASE_FUNDS - 90n, paidPerNode: 30n, upTo: 2, forced: 0 },
  );
});

test("a key without gas is told so, and nothing is sent", async () => {
  const terms = stage.newTerms();
  const batch = await stage.pack([await stage.signVoucher(terms, {})]);
  await using clearings = sender(newKey());
  await assert.rejects(clearings.clear(zeroHash, batch), { code: "gas-unfunded" });
});
