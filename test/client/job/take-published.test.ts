// Jobs whose nodes fall silent once they can attest: what they force, and what they publish with it, decides the end.
import assert from "node:assert/strict";
import { test } from "node:test";
import { finishJob } from "#client/job/finish-job.ts";
import { jobResultOf } from "#client/job-result.ts";
import type { ForcedOrder } from "#client/ledger.ts";
import { currentAttempt, type JobRecord } from "#client/store/job-record.ts";
import { digestOf } from "#protocol/digest.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { PublishedResult } from "#protocol/publication.ts";
import { GRACE_SECONDS } from "../fake/fake-ledger.ts";
import { type FakeMarket, fakeMarket } from "../fake/fake-market.ts";
import { type Behaviour, honestExecution } from "../fake/fake-node.ts";

const TRANSACTION = `0x${"7a".repeat(32)}` as const;
const SILENT: readonly Behaviour[] = ["dies-after-commitment", "dies-after-commitment", "dies-after-commitment"];

/** A job without a quote of its own, whose nodes have all gone silent. */
async function silentJob(lease?: string): Promise<{ market: FakeMarket; record: JobRecord }> {
  const market = await fakeMarket(SILENT);
  const way = { runtime: undefined, ...(lease === undefined ? {} : { lease: (await market.rent()).lease }) };
  await assert.rejects(market.run(["hello"], {}, way), { code: "no-quorum", retryable: true });
  const [record] = await market.store.jobs();
  return { market, record: record ?? assert.fail("no job") };
}

async function resume({ world, store }: FakeMarket, { name }: JobRecord) {
  return jobResultOf(store, await finishJob(world, await store.job(name), { rerun: false }));
}

/** What every honest node would have published. */
async function resultOf({ store }: FakeMarket, { specs }: JobRecord, suffix = ""): Promise<PublishedResult> {
  const request = specs[0]?.request ?? assert.fail("no job");
  const run = honestExecution((await store.blob(request)) ?? assert.fail("no request"), suffix);
  const receipt = { request, outcome: run.outcome, response: digestOf(run.response), usage: run.usage };
  return { receipts: [receipt], responses: [run.response] };
}

/** The nodes have themselves paid. @param nodes who is named as paid; nobody in a claim of several orders */
function force({ ledger, nodes }: FakeMarket, record: JobRecord, published: ForcedOrder["published"], named = 0): void {
  const { lease, order, orderId } = currentAttempt(record);
  assert.ok(order && orderId);
  ledger.settled.set(lease, new Set([order.message.nonce]));
  const state = ledger.leases.get(lease) ?? assert.fail("no lease");
  state.forced++;
  const payments = nodes.slice(0, named).map(({ node, offer }) => ({ node, owner: offer.owner, amount: 5n }));
  ledger.forcedOrders.set(orderId, { settlement: { transaction: TRANSACTION, payments }, published });
}

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

test("a job whose nodes fell silent stays open until nobody can force it any more, then it fails", async () => {
  const { market, record } = await silentJob();
  assert.equal(record.state, "open");
  const { deadline } = currentAttempt(record).order?.message ?? assert.fail("no order");
  await assert.rejects(resume(market, record), { code: "no-quorum", retryable: true });
  assert.ok(market.world.clock.now() < (deadline + GRACE_SECONDS) * 1_000);
  await market.world.clock.sleep(GRACE_SECONDS * 1_000);
  await assert.rejects(resume(market, record), { code: "no-quorum", retryable: false });
  assert.equal((await market.store.job(record.name)).state, "failed");
});

test("what the nodes published is the job's answer, from whoever was paid", async () => {
  for (const named of [0, 2]) {
    const { market, record } = await silentJob();
    force(market, record, await resultOf(market, record), named);
    const result = await resume(market, record);
    assert.equal(text(result.responses[0]?.body), "HELLO");
    assert.equal(result.publishedIn, TRANSACTION);
    assert.deepEqual(result.attestations, []);
    assert.equal(result.agreed.length, named || 3);
    assert.equal(result.dissenting.length, 3 - result.agreed.length);
    assert.deepEqual(result.payment, { kind: "settlement", transaction: TRANSACTION });
    // Taken once: it is the same without any look at the chain.
    market.ledger.forcedOrders.clear();
    assert.deepEqual(await resume(market, record), result);
  }
});

test("so it is in a rented lease, whose next voucher leaves the order out", async () => {
  const { market, record } = await silentJob("rented");
  force(market, record, await resultOf(market, record));
  assert.equal((await resume(market, record)).publishedIn, TRANSACTION);
  const { payer } = await market.store.lease(currentAttempt(record).lease);
  assert.equal(payer?.forced, 1);
  assert.deepEqual(
    payer?.orders.map(({ standing }) => standing),
    ["forced"],
  );
});

test("an answer that every node withholds is taken from the chain once they force", async () => {
  const market = await fakeMarket(["withholds-response", "withholds-response", "withholds-response"]);
  await assert.rejects(market.run(["hello"], {}, { runtime: undefined }), { code: "response-withheld" });
  const [record] = await market.store.jobs();
  assert.ok(record);
  force(market, record, await resultOf(market, record), 3);
  const result = await resume(market, record);
  assert.equal(text(result.responses[0]?.body), "HELLO");
  assert.deepEqual([result.publishedIn, result.attestations.length], [TRANSACTION, 3]);
});

test("nothing published, or receipts of other jobs, are no answer: the job stays open, and a node may still give it", async () => {
  const { market, record } = await silentJob();
  const other = await resultOf(market, record);
  const [receipt] = other.receipts;
  assert.ok(receipt);
  const misfit = { ...other, receipts: [{ ...receipt, request: digestOf(new Uint8Array([1])) }] };
  for (const published of [new ProtocolError("not-found", "result-unpublished", "Nothing."), misfit]) {
    force(market, record, published);
    await assert.rejects(resume(market, record), { code: "answer-unpublished", category: "job-failed" });
    assert.equal((await market.store.job(record.name)).state, "open");
  }
});

test("a published answer that the quote's own run contradicts is told to be wrong", async () => {
  const { market, record } = await silentJob();
  const { receipts } = await resultOf(market, record);
  await market.store.saveJob({ ...record, quoted: receipts.map(({ response }) => response) });
  force(market, record, await resultOf(market, record, " lie"));
  await assert.rejects(resume(market, record), { code: "answer-wrong", category: "job-failed" });
  assert.equal((await market.store.job(record.name)).state, "failed");
});
