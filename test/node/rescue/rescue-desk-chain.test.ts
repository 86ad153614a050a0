// Whole nodes on the real exchange whose consumer never pays: what they claim, force and adjudicate is theirs.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Hex, LocalAccount } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import * as calls from "#chain/calls.ts";
import { isOrderSettled, readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { readTime } from "#chain/read-time.ts";
import { httpNodeClient } from "#mesh/node-client.ts";
import type { RunningNode } from "#node/start-node.ts";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import { leaseIdOf } from "#protocol/signing.ts";
import { GRACE_SECONDS, LEASE_SECONDS, type LeaseStage, openLeaseStage } from "../../chain/lease-stage.ts";
import { type Behaviour, fakeFoundation, TestClock } from "../fake-foundation.ts";
import { offerOf, serveOrder } from "../served-order.ts";
import { startStagedNode } from "../staged-node.ts";

const MAX_PRICE = 1_000n;
const FORCE_FEE = 50n;
const root = mkdtempSync(join(tmpdir(), "mimik-rescue-"));
/** The nodes' and the chain's clocks are moved on together. */
const clock = new TestClock();
let stage: LeaseStage;
/** By their places in the stage: three honest ones, the last of them dies, and one that lies. */
let running: RunningNode[];

before(async () => {
  stage = await openLeaseStage(4);
  running = await Promise.all(stage.nodes.map((key, index) => start(key, index, index === 3 ? "lies" : "honest")));
});
after(async () => {
  await Promise.all(running.map((node) => node[Symbol.asyncDispose]()));
  await stage[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

function start(key: LocalAccount, index: number, behaviour: Behaviour): Promise<RunningNode> {
  // At the local chain's price of gas, forcing one order in time costs more than it gives, and claiming many does not.
  const clearing = { coinPrice: "1", costShareBps: 10_000 };
  return startStagedNode({ stage, key, index, root, clearing }, (view, sender) => {
    const rescues = { ...sender, gasPrice: () => Promise.resolve(gasPrice) };
    return fakeFoundation(view, { key, behaviour, rescues, now: clock.now });
  });
}
let gasPrice = 0n;

function termsOf(seats: readonly number[]): LeaseTerms {
  return { ...stage.newTerms(), nodes: seats.map((seat) => (stage.nodes[seat] as LocalAccount).address) };
}

async function open(terms: LeaseTerms): Promise<Hex> {
  await stage.send(calls.openLeaseCall(stage.chain, terms, 100_000n, (await readTime(stage.chain)) + LEASE_SECONDS));
  return leaseIdOf(terms);
}

/** Both clocks, to that time at least. */
async function moveTo(time: number): Promise<void> {
  const now = await readTime(stage.chain);
  if (time > now) await stage.local.advance(time - now);
  clock.moveTo(time);
}

/** An order by the nodes in those seats; what they attested. Then the consumer says nothing any more. */
async function serve(terms: LeaseTerms, seats: readonly number[], nonce: number, deadline: number) {
  const clients = seats.map((seat) => httpNodeClient((running[seat] as RunningNode).url));
  const offers = await Promise.all(
    seats.map((seat) => offerOf(stage.chain.domain, stage.nodes[seat] as LocalAccount, running[seat] as RunningNode)),
  );
  const fields = { nonce, maxPrice: MAX_PRICE, forceFee: FORCE_FEE, deadline };
  return (await serveOrder(stage, terms, clients, fields, offers)).attestations;
}

async function settled(lease: Hex, nonce: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await isOrderSettled(stage.chain, lease, nonce)) return;
    await sleep(200);
  }
  assert.fail(`nobody settled order ${nonce}`);
}

async function earnings(): Promise<bigint[]> {
  return Promise.all(stage.nodes.map(async ({ address }) => (await readNode(stage.chain, address))?.earned ?? 0n));
}

function eventsOf(eventName: "OrdersClaimed" | "OrderSettled" | "ForceFeePaid") {
  const { client, settings } = stage.chain;
  return client.getContractEvents({ address: settings.exchange, abi: exchangeAbi, fromBlock: 0n, eventName });
}

test("the consumer vanishes after seeing the results: the nodes claim several orders in one transaction, and each is paid", async () => {
  const seats = [0, 1, 2];
  const terms = termsOf(seats);
  const lease = await open(terms);
  gasPrice = 10n ** 9n;
  const now = Math.max(clock.now(), await readTime(stage.chain));
  const prices: bigint[] = [];
  for (let nonce = 1; nonce <= 4; nonce++) {
    const [attested] = await serve(terms, seats, nonce, now + 100 + nonce);
    prices.push(attested?.message.price ?? 0n);
  }
  const due = prices.reduce((sum, price) => sum + price, 0n);
  await moveTo(now + 106);
  for (let nonce = 1; nonce <= 4; nonce++) await settled(lease, nonce);
  assert.equal((await eventsOf("OrdersClaimed")).length, 1);
  assert.equal((await eventsOf("OrderSettled")).length, 0);
  assert.deepEqual(await earnings(), [due, due, due, 0n]);
  const fees = (await eventsOf("ForceFeePaid")).map(({ args }) => (args as { amount: bigint }).amount);
  assert.deepEqual(fees, [4n * FORCE_FEE]);
  const { forced, remaining } = (await readLease(stage.chain, lease)) ?? assert.fail();
  assert.deepEqual({ forced, remaining }, { forced: 4, remaining: 100_000n - 3n * due - 4n * FORCE_FEE });
});

test("a node that attests a lie is adjudicated after the deadline: the others are paid, its stake is frozen", async () => {
  const seats = [1, 2, 3];
  const terms = termsOf(seats);
  const lease = await open(terms);
  gasPrice = 0n;
  const before = await earnings();
  const deadline = Math.max(clock.now(), await readTime(stage.chain)) + 60;
  const [right, , wrong] = await serve(terms, seats, 1, deadline);
  assert.notEqual(right?.message.resultHash, wrong?.message.resultHash);
  await moveTo(deadline + 2);
  await settled(lease, 1);
  const price = right?.message.price ?? 0n;
  const gained = (await earnings()).map((earned, index) => earned - (before[index] ?? 0n));
  assert.deepEqual(gained, [0n, price, price, 0n]);
  const liar = await readNode(stage.chain, (stage.nodes[3] as LocalAccount).address);
  assert.ok((liar?.frozenUntil ?? 0) >= deadline + 4 * GRACE_SECONDS);
});

test("a node falls silent: the others are paid after the deadline", async () => {
  const seats = [0, 1, 2];
  const terms = termsOf(seats);
  const lease = await open(terms);
  gasPrice = 0n;
  const before = await earnings();
  const deadline = Math.max(clock.now(), await readTime(stage.chain)) + 60;
  const [first] = await serve(terms, seats, 1, deadline);
  await running[2]?.[Symbol.asyncDispose]();
  await moveTo(deadline + GRACE_SECONDS / 4);
  await settled(lease, 1);
  const price = first?.message.price ?? 0n;
  const gained = (await earnings()).map((earned, index) => earned - (before[index] ?? 0n));
  assert.deepEqual(gained.slice(0, 2), [price, price]);
  assert.equal((await eventsOf("ForceFeePaid")).length, 3);
});
