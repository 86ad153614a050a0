// Renting on a real chain with a committee that it draws; only the nodes' machines are absent.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Address, Hex, LocalAccount } from "viem";
import { registerNodeCall } from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { appealCall } from "#chain/court-calls.ts";
import { DRAW_PRICE } from "#chain/deployment-plan.ts";
import { readBalance, readTokenBalance } from "#chain/read-account.ts";
import { readCase } from "#chain/read-case.ts";
import { isLeaseDrawn } from "#chain/read-draw.ts";
import { readLease } from "#chain/read-lease.ts";
import { readTime } from "#chain/read-time.ts";
import { openLane, type TransactionLane } from "#chain/transaction-lane.ts";
import { systemClock } from "#client/clock.ts";
import { jobTerms } from "#client/job-terms.ts";
import { type RentInput, rentLease } from "#client/rent-lease.ts";
import { runDrawn } from "#client/run-drawn.ts";
import { type RunInput, runJobs } from "#client/run-jobs.ts";
import { openClientStore } from "#client/store/client-store.ts";
import { openDrawStore } from "#client/store/draw-store.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { signMessage } from "#protocol/signing.ts";
import { RUNTIME_ID } from "#runtime/runtime-id.ts";
import { coded } from "../chain/coded.ts";
import { type LocalChain, startLocalChain } from "../chain/local-chain.ts";
import { testImage } from "./fake/fake-market.ts";
import { type Behaviour, FakeNode, honestExecution } from "./fake/fake-node.ts";

let local: LocalChain;
let chain: Chain;
let lane: TransactionLane;
let home: string;
let consumer: LocalAccount;
let nodes: readonly FakeNode[];
let miner: NodeJS.Timeout;

before(async () => {
  local = await startLocalChain();
  chain = await connectChain(local.settings);
  consumer = local.accounts[0] as LocalAccount;
  await local.fund(consumer, 100_000_000n);
  nodes = await Promise.all([1, 2, 3, 4, 5].map(registered));
  for (const [i, { node }] of nodes.entries())
    await local.stake(local.accounts[1 + i] as LocalAccount, node, 300_000_000n);
  // The chain makes blocks of its own, as a public one does.
  miner = setInterval(() => void local.mine(1).catch(() => {}), 100);
});
after(async () => {
  clearInterval(miner);
  await local?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "mimik-rent-"));
  lane = await openLane({ chain, account: consumer, journalPath: join(home, "lane.sqlite"), pollMillis: 50 });
});
afterEach(async () => {
  await lane[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

async function registered(index: number): Promise<FakeNode> {
  const account = local.accounts[index] as LocalAccount;
  const owner = account.address.toLowerCase() as Address;
  const { domain } = chain;
  const made = { clock: systemClock, index, behaviour: "honest", runtime: RUNTIME_ID, domain, owner } as const;
  const node = await FakeNode.make(made);
  const validUntil = BigInt(Math.floor(Date.now() / 1_000) + 600);
  const consent = await signMessage(node.key, domain, "NodeRegistration", { node: node.node, owner, validUntil });
  await local.send(account, registerNodeCall(chain, consent));
  return node;
}

function rent(changes: Partial<RentInput> = {}) {
  return rentLease({
    chain,
    lane,
    home,
    offers: nodes.map(({ signedOffer }) => signedOffer),
    wallet: consumer,
    terms: jobTerms({ budget: 1_000_000n }),
    durationSeconds: 600,
    memoryPages: 64,
    committee: "drawn",
    ...changes,
  });
}

function hello() {
  const runtime: RunInput["runtime"] = { run: async (_image, { request }) => honestExecution(request) };
  return {
    chain,
    lane,
    home,
    offers: nodes.map(({ signedOffer }) => signedOffer),
    connectNode: (endpoint: string) => nodes.find((node) => node.endpoint === endpoint) as FakeNode,
    wallet: consumer,
    image: testImage(),
    requests: [{ method: "POST", url: "/", headers: [], body: new TextEncoder().encode("hello") }],
    runtime,
  };
}

const openDraws = async () => (await openDrawStore(home)).all();

/** A lane that dies before it sends the first call of this name. */
function dyingBefore(name: string): RentInput["lane"] {
  return {
    send: (key, call, options) =>
      call.name === name ? Promise.reject(new Error("the process dies")) : lane.send(key, call, options),
  };
}

test("a lease is rented with a drawn committee, and the chain knows that it is drawn", async () => {
  const held = await readBalance(chain, consumer.address);
  const { record } = await rent();
  assert.equal(await readBalance(chain, consumer.address), held - 1_000_000n - DRAW_PRICE);
  assert.equal(record.terms.nodes.length, 3);
  assert.deepEqual(
    record.committee.map(({ message }) => message.node),
    record.terms.nodes,
  );
  assert.equal((await readLease(chain, record.lease))?.remaining, 1_000_000n);
  assert.equal(await isLeaseDrawn(chain, record.lease), true);
  assert.deepEqual(await readdir(join(home, "draws")), []);
  const chosen = await rent({ committee: "chosen" });
  assert.equal(await isLeaseDrawn(chain, chosen.record.lease), false);
});

test("a draw that was interrupted is gone on with, never drawn nor paid again", async () => {
  for (const name of ["withdraw", "request", "record", "open"]) {
    const held = await readBalance(chain, consumer.address);
    await assert.rejects(rent({ lane: dyingBefore(name) }), /the process dies/);
    const [begun, ...others] = await openDraws();
    assert.ok(begun && others.length === 0, name);
    const { record } = await rent();
    assert.equal(record.terms.salt, begun.committee.salt, name);
    assert.equal(await isLeaseDrawn(chain, record.lease), true);
    assert.deepEqual(await openDraws(), []);
    assert.equal(await readBalance(chain, consumer.address), held - 1_000_000n - DRAW_PRICE, name);
  }
  // What was taken from the account for draws went to the profit share, and nowhere else.
  assert.equal(await readTokenBalance(chain, consumer.address), 0n);
});

test("two commands at once draw two committees", async () => {
  const rented = await Promise.all([rent(), rent()]);
  assert.equal(new Set(rented.map(({ record }) => record.lease)).size, 2);
  for (const { record } of rented) assert.equal(await isLeaseDrawn(chain, record.lease), true);
});

test("a lease that was opened and not proved is proved by the next command", async () => {
  await assert.rejects(rent({ lane: dyingBefore("proveCommittee") }), /the process dies/);
  const [opened] = await (await openClientStore(home)).leases();
  assert.ok(opened);
  assert.equal((await readLease(chain, opened.lease))?.open, true);
  assert.equal(await isLeaseDrawn(chain, opened.lease), false);
  const { record } = await rent();
  assert.notEqual(record.lease, opened.lease);
  assert.equal(await isLeaseDrawn(chain, opened.lease), true);
  assert.equal(await isLeaseDrawn(chain, record.lease), true);
});

test("a drawn node without an offer that will do is named, and the next draw is another", async () => {
  // All five are drawn, and one of them offers nothing, asks too much, or is another's.
  const terms = jobTerms({ budget: 1_000_000n, replicas: 5 });
  const [first, second, ...rest] = nodes.map(({ signedOffer }) => signedOffer);
  assert.ok(first && second);
  // A sixth node stands in the book, so that five could be chosen; it has no stake, so it is never drawn.
  const spare = await registered(6);
  const others = [second, ...rest, spare.signedOffer];
  const dear = { ...first.message, slots: 0 };
  const forged = { message: first.message, signature: second.signature };
  const { key } = nodes[0] as FakeNode;
  for (const offers of [
    others,
    [await signMessage(key, chain.domain, "Offer", dear), ...others],
    [forged, ...others],
  ]) {
    await assert.rejects(rent({ terms, offers }), (error) => {
      coded("drawn-node-unavailable", "not-found")(error);
      assert.ok(error instanceof ProtocolError);
      assert.equal(error.context.node, first.message.node);
      return true;
    });
    assert.deepEqual(await openDraws(), []);
  }
  assert.deepEqual(await (await openClientStore(home)).leases(), []);
});

test("jobs run on a drawn committee, in a lease of their own", async () => {
  const result = await runDrawn({ ...hello(), options: { budget: 1_000_000n, forceFee: 5n } });
  assert.equal(new TextDecoder().decode(result.responses[0]?.body), "HELLO");
  assert.equal(result.agreed.length, 3);
  assert.equal(await isLeaseDrawn(chain, result.lease as Hex), true);
  const { remaining } = (await readLease(chain, result.lease as Hex)) ?? {};
  assert.equal(remaining, 1_000_005n - result.paid.reduce((sum, { amount }) => sum + amount, 0n));
  const both = { ...({} as Parameters<typeof runDrawn>[0]), lease: result.lease };
  await assert.rejects(runDrawn(both), coded("lease-with-drawn", "invalid"));
});

test("a committee that cannot be drawn or paid is told before anything is locked", async () => {
  const poor = { terms: jobTerms({ budget: 1_000_000_000n }) };
  await assert.rejects(rent(poor), coded("account-underfunded", "funds"));
  // Enough for the lease, and not for its draw.
  const balance = await readBalance(chain, consumer.address);
  await assert.rejects(rent({ terms: jobTerms({ budget: balance }) }), coded("account-underfunded", "funds"));
  assert.equal(await readBalance(chain, consumer.address), balance);
  const many = { terms: jobTerms({ budget: 1_000_000n, replicas: 7 }) };
  await assert.rejects(rent(many), coded("committee-too-small"));
  assert.deepEqual(await openDraws(), []);
});

/** What is kept of a drawn committee whose nodes behaved so, in its order, after its order's deadline. */
async function caughtInDrawnLease(behaviours: readonly Behaviour[]) {
  const { record } = await rent();
  for (const [seat, id] of record.terms.nodes.entries()) {
    const drawn = nodes.find(({ node }) => node === id) ?? assert.fail();
    drawn.behaviour = behaviours[seat] ?? "honest";
  }
  await assert.rejects(runJobs({ ...hello(), lease: record.lease }), coded("answer-wrong", "job-failed"));
  for (const node of nodes) node.behaviour = "honest";
  const kept = await (await openClientStore(home)).caught();
  const caught = kept.find(({ order }) => order.message.lease === record.lease) ?? assert.fail();
  await local.advance(Math.max(1, caught.order.message.deadline + 1 - (await readTime(chain))));
  const call = appealCall(chain, caught.lease, caught.order, caught.attestations);
  const appealBy = (id: Address) => {
    const index = nodes.findIndex(({ node }) => node === id);
    const owner = local.accounts[1 + index] ?? assert.fail();
    return asChainCall(local.rpcUrl, call.name, () => local.send(owner, call));
  };
  return { caught, seats: record.terms.nodes, appealBy };
}

test("what a consumer keeps of a drawn committee opens a case for who dissented, and none where all lied alike", async () => {
  const split = await caughtInDrawnLease(["lies", "honest", "lies"]);
  assert.deepEqual(split.caught.nodes, [split.seats[0], split.seats[2]]);
  assert.equal(await readCase(chain, split.caught.orderId), undefined);
  await split.appealBy(split.seats[1] as Address);
  assert.equal((await readCase(chain, split.caught.orderId))?.state, "open");
  const alike = await caughtInDrawnLease(["lies", "lies", "lies"]);
  await assert.rejects(alike.appealBy(alike.seats[0] as Address), coded("nothing-to-appeal"));
});
