// Whole nodes on the real exchange and a real consumer that reaches none of them once they have attested: what they have
// themselves paid for they publish, and the consumer believes the chain alone.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Address, LocalAccount } from "viem";
import * as calls from "#chain/calls.ts";
import { withPublication } from "#chain/publication.ts";
import { isOrderSettled } from "#chain/read-lease.ts";
import { readTime } from "#chain/read-time.ts";
import type { ClientWorld } from "#client/client-world.ts";
import { finishJob } from "#client/job/finish-job.ts";
import { planJob } from "#client/job/plan-job.ts";
import { type JobResult, jobResultOf } from "#client/job-result.ts";
import { type JobTerms, jobTerms } from "#client/job-terms.ts";
import { newLease } from "#client/lease/lease-terms.ts";
import { CLIENT_LIMITS } from "#client/limits.ts";
import { chainLedger, type Sender } from "#client/settle/chain-ledger.ts";
import { currentAttempt, type JobRecord } from "#client/store/job-record.ts";
import { newLeaseRecord } from "#client/store/lease-record.ts";
import { httpNodeClient, type NodeClient } from "#mesh/node-client.ts";
import type { RunJob } from "#node/orders/order-parts.ts";
import type { RunningNode } from "#node/start-node.ts";
import { digestOf } from "#protocol/digest.ts";
import { decodeRequest, encodeResponse } from "#protocol/message.ts";
import { compareNodes } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import { type LeaseStage, openLeaseStage } from "../../chain/lease-stage.ts";
import { fakeClock } from "../../client/fake/fake-clock.ts";
import { testImage } from "../../client/fake/fake-market.ts";
import { Killed, memoryStore } from "../../client/fake/memory-store.ts";
import { fakeFoundation, TestClock } from "../fake-foundation.ts";
import { startStagedNode } from "../staged-node.ts";

const root = mkdtempSync(join(tmpdir(), "mimik-publish-"));
/** The nodes', the consumer's and the chain's clocks are moved on together. */
const clock = new TestClock();
const store = memoryStore();
let stage: LeaseStage;
let running: RunningNode[];

before(async () => {
  stage = await openLeaseStage();
  running = await Promise.all(stage.nodes.map(start));
});
after(async () => {
  await Promise.all(running.map((node) => node[Symbol.asyncDispose]()));
  await stage[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

function start(key: LocalAccount, index: number): Promise<RunningNode> {
  return startStagedNode({ stage, key, index, root, clearing: {} }, (view, rescues) => {
    return { ...fakeFoundation(view, { key, rescues, now: clock.now }), runJob: echo };
  });
}

/** Answers what it is asked. */
const echo: RunJob = async ({ invocation: { request } }) => {
  const response = encodeResponse({ status: 200, headers: [], body: decodeRequest(request).body });
  const usage = { fuel: 1_000n, memoryPages: 2, bytesIn: request.length, bytesOut: response.length, events: 0 };
  return { outcome: "ok", response, usage, logs: "" };
};

/** A consumer's program; `reach` says how it gets to nodes. */
async function worldOf(reach: (node: NodeClient) => NodeClient, time = shiftedClock): Promise<ClientWorld> {
  const { signal } = new AbortController();
  const lane: Sender = {
    send: async (_key, call) => {
      const receipt = await stage.send(call);
      return { hash: receipt.transactionHash, receipt };
    },
  };
  return {
    ledger: chainLedger(stage.chain, lane, signal),
    store,
    connectNode: (endpoint) => reach(httpNodeClient(endpoint)),
    offers: await Promise.all(running.map(offerOf)),
    clock: time,
    signal,
    onProgress: () => {},
  };
}

const shiftedClock = {
  now: () => clock.now() * 1_000,
  sleep: async (millis: number, signal: AbortSignal) => {
    await sleep(millis, undefined, { signal, ref: false });
  },
};

async function offerOf({ url }: RunningNode): Promise<Signed<Offer>> {
  for (let tries = 0; tries < 100; tries++) {
    const { offer } = await httpNodeClient(url).info();
    if (offer) return offer;
    await sleep(50);
  }
  return assert.fail("a node offers nothing");
}

/** Dies as soon as the nodes have what they need to attest. */
function diesOnceShown(node: NodeClient): NodeClient {
  return {
    ...node,
    sendCommitments: async (...shown) => {
      await node.sendCommitments(...shown);
      throw new Killed();
    },
  };
}

function unreachable(node: NodeClient): NodeClient {
  const refuse = () => Promise.reject(new ProtocolError("unreachable", "peer-unreachable", "A wall."));
  return { ...node, sendCommitments: refuse, orderStatus: refuse, response: refuse, handVoucher: refuse };
}

/** A job that its nodes attest, and whose consumer's program then dies. */
async function orderAndDie(body: string, terms: Partial<JobTerms>, lease?: string): Promise<JobRecord> {
  const world = await worldOf(diesOnceShown);
  const request = { method: "POST", url: "/", headers: [], body: new TextEncoder().encode(body) };
  const planned = await planJob(world, {
    ...{ wallet: stage.consumer, image: testImage(), requests: [request], lease },
    ...{ terms: jobTerms({ forceFee: 50n, ...terms }), runtimeId: world.offers?.[0]?.message.runtime ?? "" },
  });
  await assert.rejects(finishJob(world, planned, { rerun: false }), Killed);
  return store.job(planned.name);
}

/** What a new process makes of it. */
async function resume({ name }: JobRecord, reach: (node: NodeClient) => NodeClient): Promise<JobResult> {
  const world = await worldOf(reach, fakeClock(clock.now() * 1_000));
  return jobResultOf(store, await finishJob(world, await store.job(name), { rerun: false }));
}

async function rent(): Promise<string> {
  const { ledger, offers = [] } = await worldOf((node) => node);
  const committee = offers.toSorted((a, b) => compareNodes(a.message.node, b.message.node));
  const members = committee.map(({ message }) => message.node);
  const { terms, sessionKey } = newLease(stage.consumer.address.toLowerCase() as Address, members);
  const dates = { createdAt: clock.now(), expiry: (await ledger.time()) + 3_600 };
  const lease = { ...ledger.domain, terms: { ...terms, nodes: members }, sessionKey, committee, ...dates };
  const record = newLeaseRecord({ ...lease, amount: 1_000_000n, use: "rented" });
  await store.saveLease(record);
  await ledger.openLease(record.terms, record.lease, record.amount, record.expiry);
  return record.lease;
}

/** All clocks, to that time at least. */
async function moveTo(time: number): Promise<void> {
  const now = await readTime(stage.chain);
  if (time > now) await stage.local.advance(time - now);
  clock.moveTo(time);
}

async function settled(record: JobRecord): Promise<void> {
  const { lease, order } = currentAttempt(record);
  for (let tries = 0; tries < 300; tries++) {
    if (order && (await isOrderSettled(stage.chain, lease, order.message.nonce))) return;
    await sleep(100);
  }
  assert.fail("nobody settled the order");
}

const textOf = ({ responses }: JobResult) => responses.map(({ body }) => new TextDecoder().decode(body));
let large: JobRecord;

test("a withheld result is published by the forced rung, and its consumer reads it from the chain", async () => {
  const lease = await rent();
  const claimed = [
    await orderAndDie("one", {}, lease),
    await orderAndDie("two", {}, lease),
    await orderAndDie("x".repeat(1_024), {}, lease),
  ];
  const alone = await orderAndDie("alone", { deadlineSeconds: 110 });
  const deadlines = claimed.map((record) => currentAttempt(record).order?.message.deadline ?? 0);
  // The deadline of the last one is not over yet: it is settled in time.
  await moveTo(Math.max(...deadlines) + 2);
  for (const record of [...claimed, alone]) await settled(record);

  const [one, two, third] = claimed as [JobRecord, JobRecord, JobRecord];
  large = third;
  const [first, second, last] = [
    await resume(one, unreachable),
    await resume(two, unreachable),
    await resume(alone, unreachable),
  ];
  assert.deepEqual([first, second, last].map(textOf), [["one"], ["two"], ["alone"]]);
  assert.equal(first.publishedIn, second.publishedIn);
  assert.notEqual(last.publishedIn, first.publishedIn);
  for (const result of [first, second, last]) {
    assert.equal(result.agreed.length, 3);
    assert.equal(result.receipts[0]?.usage.fuel, 1_000n);
    assert.deepEqual(result.payment, { kind: "settlement", transaction: result.publishedIn });
    assert.deepEqual(result.dissenting, []);
  }
  assert.equal(last.paid.length, 3);
});

test("a result above the limit is left out, and a node may still give it", async () => {
  await assert.rejects(resume(large, unreachable), { code: "answer-unpublished", retryable: true });
  assert.equal((await store.job(large.name)).state, "open");
  const result = await resume(large, (node) => node);
  assert.deepEqual(textOf(result), ["x".repeat(1_024)]);
  assert.equal(result.publishedIn, null);
});

test("a lying publication is refused, as if there were none", async () => {
  const record = await orderAndDie("the truth", {});
  const { lease, order, orderId, token, committee } = currentAttempt(record);
  assert.ok(order && orderId);
  const nodes = committee.map(({ message }) => httpNodeClient(message.endpoint));
  const opened = await Promise.all(nodes.map((node) => node.orderStatus(orderId, token)));
  const attestations = opened.map(({ attestation }) => attestation ?? assert.fail("no attestation"));
  const lie = encodeResponse({ status: 200, headers: [], body: new TextEncoder().encode("a lie") });
  const receipts = (opened[0]?.receipts ?? []).map((receipt) => {
    return { ...receipt, response: digestOf(lie), usage: { ...receipt.usage, bytesOut: lie.length } };
  });
  const { terms } = await store.lease(lease);
  const sorted = attestations.toSorted((a, b) => compareNodes(a.message.node, b.message.node));
  const call = calls.settleCall(stage.chain, terms, order, sorted);
  await stage.send(withPublication(call, [{ kind: "result", result: { receipts, responses: [lie] } }]));

  // It is found, however many blocks came since than one request for events may span.
  await stage.local.mine(CLIENT_LIMITS.searchBlocks);
  await assert.rejects(resume(record, unreachable), (error: ProtocolError) => {
    assert.equal(error.code, "answer-unpublished");
    assert.equal(error.context.reason, "publication-differs");
    return true;
  });
  const result = await resume(record, (node) => node);
  assert.deepEqual([textOf(result), result.publishedIn], [["the truth"], null]);
});
