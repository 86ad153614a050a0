// A rented lease in a whole market of real programs: its jobs are paid by vouchers, the nodes clear them by themselves,
// and everybody sees the money.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "viem";
import { readBalance } from "#chain/read-account.ts";
import { type LeaseRecord, readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { jobTerms } from "#client/job-terms.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { toWire } from "#protocol/wire.ts";
import { mimik } from "../cli/test-io.ts";
import { startTestMarket, type TestMarket } from "./market-fixture.ts";

const JOBS = 5;
const BUDGET = 1_000_000n;

let fixture: TestMarket;
before(async () => {
  fixture = await startTestMarket(["none", "none", "none"]);
});
after(async () => fixture?.[Symbol.asyncDispose]());

async function leaseWhen(lease: Hex, isSo: (record: LeaseRecord) => boolean): Promise<LeaseRecord> {
  for (let tries = 0; tries < 300; tries++) {
    const record = await readLease(fixture.market.chain, lease);
    if (record && isSo(record)) return record;
    await sleep(100);
  }
  assert.fail("the nodes have not cleared the lease");
}

test("rented, five jobs, paid by vouchers that the nodes clear, and ended by the last one", async () => {
  const { market } = fixture;
  const { chain, nodes } = market;
  const consumer = market.accounts.consumer.account.address;
  const start = await readBalance(chain, consumer);
  const lease = await fixture.rent(jobTerms({ budget: BUDGET }), 3_600);
  const run = async () => {
    const { payment, agreed, responses } = await fixture.hello([0, 1, 2], { lease });
    assert.ok(payment.kind === "voucher", toWire(payment));
    assert.deepEqual([agreed.length, responses.length], [3, 1]);
    return payment;
  };
  // The last two at once: each opens the store anew, as another program would.
  const payments = [await run(), await run(), await run(), ...(await Promise.all([run(), run()]))];
  assert.deepEqual(payments.map(({ nonce }) => nonce).toSorted(), [1, 2, 3, 4, 5]);
  const perNode = payments.reduce((sum, { amount }) => sum + amount, 0n);

  const { remaining, paidPerNode, forced } = await leaseWhen(lease, ({ upTo }) => upTo === JOBS);
  assert.deepEqual([remaining, paidPerNode, forced], [BUDGET - 3n * perNode, perNode, 0]);
  for (const { node, owner } of nodes) {
    assert.equal((await readNode(chain, node))?.earned, perNode);
    await assertShown(owner.account.address, perNode);
  }

  const payment = await run();
  const closed = await fixture.endLease(lease);
  assert.ok("refund" in closed, toWire(closed));
  const spent = 3n * (perNode + payment.amount);
  assert.equal(closed.refund, BUDGET - spent);
  assert.equal(await readBalance(chain, consumer), start - spent);
});

/** The marketplace's index, and the command that a person sees it by. */
async function assertShown(owner: Hex, earned: bigint): Promise<void> {
  const { market, directory } = fixture;
  const client = httpMarketplaceClient(market.marketplace.url);
  for (let tries = 0; (await client.earnings(owner)).earned !== earned; tries++) {
    assert.ok(tries < 100, "the index does not show what was cleared");
    await sleep(100);
  }
  const { rpcUrl, exchange } = market.chain.settings;
  const flags = ["--owner", owner, "--rpc-url", rpcUrl, "--exchange", exchange, "--marketplace", client.endpoint];
  const { code, out, err } = await mimik(["earnings", ...flags, "--json"], { MIMIK_HOME: join(directory, "person") });
  assert.equal(code, 0, `${out}${err}`);
  const shown = JSON.parse(out);
  assert.deepEqual([shown.earned, shown.waiting], [String(earned), String(earned)]);
  assert.ok(shown.lines.length > 0);
  assert.ok(shown.lines.every(({ paidFor }: { paidFor: { kind: string } }) => paidFor.kind === "voucher"));
}
