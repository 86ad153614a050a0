// The SDK's one call against a real exchange on a real chain; only the nodes' machines are in memory.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type LocalAccount, zeroHash } from "viem";
import { claimCall, registerNodeCall } from "#chain/calls.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { readBalance } from "#chain/read-account.ts";
import { isOrderSettled, readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { readTime } from "#chain/read-time.ts";
import { openLane, type TransactionLane } from "#chain/transaction-lane.ts";
import { systemClock } from "#client/clock.ts";
import { jobTerms } from "#client/job-terms.ts";
import { closeEndedLeases } from "#client/lease/close-leases.ts";
import { endLease } from "#client/lease/end-lease.ts";
import { rentLease } from "#client/rent-lease.ts";
import { openWorld, resumeJob, resumeJobs, runJobs } from "#client/run-jobs.ts";
import { currentAttempt } from "#client/store/job-record.ts";
import { claimOf } from "#protocol/claim.ts";
import { signMessage } from "#protocol/signing.ts";
import { RUNTIME_ID } from "#runtime/runtime-id.ts";
import { type LocalChain, startLocalChain } from "../chain/local-chain.ts";
import { testImage } from "./fake/fake-market.ts";
import { FakeNode, honestExecution } from "./fake/fake-node.ts";

let local: LocalChain;
let chain: Chain;
let lane: TransactionLane;
let home: string;
let consumer: LocalAccount;
let nodes: readonly FakeNode[];

before(async () => {
  local = await startLocalChain();
  chain = await connectChain(local.settings);
  home = await mkdtemp(join(tmpdir(), "mimik-run-"));
  consumer = local.accounts[0] as LocalAccount;
  await local.fund(consumer, 10_000_000n);
  lane = await openLane({ chain, account: consumer, journalPath: join(home, "lane.sqlite"), pollMillis: 50 });
  nodes = await Promise.all([1, 2, 3].map(registered));
});

after(async () => {
  await lane?.[Symbol.asyncDispose]();
  await local?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

async function registered(index: number): Promise<FakeNode> {
  const account = local.accounts[index] as LocalAccount;
  const owner = account.address.toLowerCase() as `0x${string}`;
  const domain = { chainId: chain.domain.chainId, exchange: chain.domain.exchange };
  const node = await FakeNode.make({
    clock: systemClock,
    index,
    behaviour: "honest",
    runtime: RUNTIME_ID,
    domain,
    owner,
    exchange: {
      graceSeconds: chain.graceSeconds,
      leaseOf: (lease) => readLease(chain, lease),
      isSettled: (lease, nonce) => isOrderSettled(chain, lease, nonce),
    },
  });
  const validUntil = BigInt(Math.floor(Date.now() / 1_000) + 600);
  const consent = await signMessage(node.key, domain, "NodeRegistration", { node: node.node, owner, validUntil });
  await local.send(account, registerNodeCall(chain, consent));
  return node;
}

function world() {
  return {
    chain,
    lane,
    home,
    offers: nodes.map(({ signedOffer }) => signedOffer),
    connectNode: (endpoint: string) => nodes.find((node) => node.endpoint === endpoint) as FakeNode,
  };
}

function job(body: string) {
  return {
    ...world(),
    wallet: consumer,
    image: testImage(),
    requests: [{ method: "POST", url: "/", headers: [], body: new TextEncoder().encode(body) }],
    runtime: { run: async (_image: unknown, { request }: { request: Uint8Array }) => honestExecution(request) },
  };
}

test("a job is leased, answered and settled by the contract, and its record alone gives the result again", async () => {
  const result = await runJobs(job("hello"));
  assert.equal(new TextDecoder().decode(result.responses[0]?.body), "HELLO");
  assert.equal(result.agreed.length, 3);
  assert.deepEqual(result.paid.map(({ owner }) => owner).toSorted(), nodes.map(({ offer }) => offer.owner).toSorted());
  assert.deepEqual(await resumeJob(world(), result.job), result);
  assert.deepEqual(await resumeJobs(world()), []);
});

test("a committee that a check has caught is neither paid nor rented again, and a resume says the same once more", async () => {
  const checking = { ...world(), home: join(home, "checking") };
  const check = { share: 1, by: "self" } as const;
  const { runtime: checkRuntime, ...asked } = job("checked");
  const wanted = { ...asked, ...checking, checkRuntime, options: { check } };
  await assert.rejects(runJobs({ ...wanted, checkRuntime: undefined }), { code: "check-without-runtime" });
  const right = await runJobs(wanted);
  assert.deepEqual(right.checked, { by: "self", jobs: [0] });

  const earned = async () => Promise.all(nodes.map(async ({ node }) => (await readNode(chain, node))?.earned ?? 0n));
  const before = await earned();
  for (const node of nodes) node.behaviour = "lies";
  await assert.rejects(runJobs(wanted), { code: "answer-wrong" });
  for (const node of nodes) node.behaviour = "honest";
  assert.deepEqual(await earned(), before);
  const failed = (await (await openWorld(checking)).store.jobs()).find(({ state }) => state === "failed");
  assert.ok(failed);
  await assert.rejects(resumeJob(checking, failed.name), { code: "answer-wrong" });
  const terms = jobTerms({ budget: 1_000n });
  const renting = { ...checking, wallet: consumer, terms, durationSeconds: 60, memoryPages: 64 };
  await assert.rejects(rentLease(renting), { code: "committee-too-small" });
});

test("an order that somebody else has settled is found, not settled again", async () => {
  const result = await runJobs(job("again"));
  const { store } = await openWorld(world());
  const record = await store.job(result.name);
  const attempt = { ...currentAttempt(record), settlement: null };
  await store.saveJob({ ...record, state: "open", attempts: [attempt] });
  // A lane that knows nothing of it, as on another machine.
  const blind = { send: () => Promise.reject(new Error("nothing is to be sent")) };
  const resumed = await resumeJob({ ...world(), lane: blind }, result.name);
  assert.equal(resumed.settlementTransaction, result.settlementTransaction);
  assert.deepEqual(resumed.paid, result.paid);
});

async function rent(durationSeconds: number) {
  const terms = jobTerms({ budget: 1_000_000n });
  return (await rentLease({ ...world(), wallet: consumer, terms, durationSeconds, memoryPages: 64 })).record;
}

test("a rented lease serves several jobs without a transaction, and its last voucher pays for all of them", async () => {
  const record = await rent(120);
  const before = await readBalance(chain, consumer.address);
  const first = await runJobs({ ...job("one"), lease: record.lease });
  const second = await runJobs({ ...job("two"), lease: record.lease.slice(0, 12) });
  assert.deepEqual([first.lease, second.lease], [record.lease, record.lease]);
  assert.deepEqual([first.payment.kind, second.payment.kind], ["voucher", "voucher"]);
  assert.deepEqual(await resumeJob(world(), first.job), first);
  const earned = async () => Promise.all(nodes.map(async ({ node }) => (await readNode(chain, node))?.earned ?? 0n));
  const earnedBefore = await earned();
  assert.equal(await readBalance(chain, consumer.address), before);
  const opened = await openWorld(world());
  const closed = await endLease(opened, await opened.store.lease(record.lease));
  const spent = [...first.paid, ...second.paid].reduce((sum, { amount }) => sum + amount, 0n);
  assert.ok("refund" in closed && closed.transaction !== null);
  assert.equal(closed.refund, 1_000_000n - spent);
  assert.equal(await readBalance(chain, consumer.address), before + 1_000_000n - spent);
  assert.deepEqual(
    (await earned()).map((amount, index) => amount - (earnedBefore[index] ?? 0n)),
    nodes.map(() => spent / 3n),
  );
});

test("an order that its nodes have claimed meanwhile keeps its answer, and the next voucher leaves it out", async () => {
  const record = await rent(400);
  const result = await runJobs({ ...job("claimed"), lease: record.lease });
  const { store } = await openWorld(world());
  const stored = await store.job(result.name);
  const { order } = currentAttempt(stored);
  assert.ok(order);
  await local.advance(order.message.deadline - (await readTime(chain)) + 1);
  const amount = result.paid[0]?.amount ?? 0n;
  const claim = claimOf(chain.domain, { orders: [order.message], receiptsRoot: zeroHash, perNode: amount });
  const signing = record.terms.nodes.map(async (address) => {
    const key = nodes.find(({ node }) => node === address)?.key ?? assert.fail();
    return (await signMessage(key, chain.domain, "Claim", claim)).signature;
  });
  await local.send(consumer, claimCall(chain, record.terms, { orders: [order], claim }, await Promise.all(signing)));

  // As if the consumer had been gone before it could pay.
  await store.saveJob({ ...stored, state: "open", attempts: [{ ...currentAttempt(stored), voucher: null }] });
  const resumed = await resumeJob(world(), result.name);
  assert.equal(resumed.payment.kind, "settlement");
  assert.deepEqual(resumed.responses, result.responses);
  assert.deepEqual(
    resumed.paid.map((each) => each.amount),
    [amount, amount, amount],
  );
  const { payer } = await store.lease(record.lease);
  assert.deepEqual([payer?.forced, payer?.signed?.perNode, payer?.signed?.forced], [1, 0n, 1]);
});

test("a rented lease that nobody ended comes back when it may be closed", async () => {
  const record = await rent(60);
  const before = await readBalance(chain, consumer.address);
  const { ledger, store } = await openWorld(world());
  assert.deepEqual(await closeEndedLeases(ledger, store), []);
  await local.advance(600);
  const closed = await closeEndedLeases(ledger, store);
  assert.ok(closed.some(({ lease, refund }) => lease === record.lease && refund === 1_000_000n));
  assert.equal(
    await readBalance(chain, consumer.address),
    before + closed.reduce((sum, { refund }) => sum + refund, 0n),
  );
});
