import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { digestOf } from "#protocol/digest.ts";
import type { OrderStatus } from "#protocol/node-api.ts";
import { commitUntil, orderPrice, resultHash } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Commitment, Signed } from "#protocol/signed-messages.ts";
import { verifySignature } from "#protocol/signing.ts";
import { type Behaviour, FakeChain } from "./fake-foundation.ts";
import { finished, sendOrder, startTestNode, type TestNode } from "./node-fixture.ts";
import { DOMAIN, makeOrder, newKey, OWNER, type TestOrder, unixNow } from "./order-fixture.ts";

/** Three nodes and an order for them, sent to all. */
async function committee(behaviours: readonly Behaviour[], deadlineSeconds = 60) {
  const chain = new FakeChain();
  const stack = new AsyncDisposableStack();
  const nodes: TestNode[] = [];
  for (const behaviour of behaviours) nodes.push(stack.use(await startTestNode({ chain, behaviour })));
  const message = { deadline: unixNow() + deadlineSeconds };
  const order = await makeOrder({ nodes: nodes.map(({ node }) => node), jobs: 2, message });
  chain.fund(order.lease);
  await Promise.all(nodes.map((node) => sendOrder(node, order)));
  return { chain, nodes, order, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function commitmentsOf(statuses: readonly OrderStatus[]): Signed<Commitment>[] {
  return statuses.map(({ commitment }) => commitment as Signed<Commitment>);
}

async function attestAll(nodes: readonly TestNode[], { id, submission }: TestOrder, set: Signed<Commitment>[]) {
  return Promise.all(nodes.map(({ client }) => client.sendCommitments(id, submission.token, { commitments: set })));
}

test("three honest nodes commit, then attest the same result, price and answers", async () => {
  await using world = await committee(["honest", "honest", "honest"]);
  const { nodes, order } = world;
  const committed = await Promise.all(nodes.map((node) => finished(node, order)));
  for (const status of committed) {
    assert.equal(status.state, "committed");
    assert.equal(status.receipts, undefined, "nothing is open before the attestation");
    assert.equal(status.salt, undefined);
  }
  const [firstNode] = nodes as [TestNode];
  await assert.rejects(firstNode.client.response(order.id, order.submission.token, 0), { code: "order-state" });
  const attested = await attestAll(nodes, order, commitmentsOf(committed));
  assert.equal(new Set(attested.map(({ attestation }) => attestation?.message.resultHash)).size, 1);
  assert.equal(new Set(attested.map(({ attestation }) => attestation?.message.commits)).size, 1);
  for (const [index, { attestation, receipts }] of attested.entries()) {
    const { node, client, running } = nodes[index] as TestNode;
    assert.ok(attestation && receipts);
    await verifySignature(DOMAIN, "Attestation", attestation, node);
    assert.equal(resultHash(receipts), attestation.message.resultHash);
    const rates = running.info().offer?.message.rates;
    assert.ok(rates);
    assert.equal(attestation.message.price, orderPrice(receipts, rates, order.submission.order.message.maxPrice));
    for (const [job, { response }] of receipts.entries()) {
      assert.equal(digestOf(await client.response(order.id, order.submission.token, job)), response);
    }
  }
  const { lines, uncollected } = (await (await fetch(`${firstNode.running.url}/v1/earnings`)).json()) as {
    uncollected: string;
    lines: { order: string; settled: boolean }[];
  };
  assert.equal(uncollected, "7");
  assert.deepEqual(
    lines.map((line) => [line.order, line.settled]),
    [[order.id, false]],
  );
});

test("a node that lies attests another result, and the other two still agree", async () => {
  await using world = await committee(["honest", "lies", "honest"]);
  const { nodes, order } = world;
  const committed = await Promise.all(nodes.map((node) => finished(node, order)));
  const attested = await attestAll(nodes, order, commitmentsOf(committed));
  const results = attested.map(({ attestation }) => attestation?.message.resultHash);
  assert.equal(results[0], results[2]);
  assert.notEqual(results[0], results[1]);
});

test("a node that hangs holds the others up until just before the deadline, and expires itself", async () => {
  await using world = await committee(["honest", "honest", "hangs"], 9);
  const { nodes, order } = world;
  const [first, second, hanging] = nodes as [TestNode, TestNode, TestNode];
  const set = commitmentsOf(await Promise.all([finished(first, order), finished(second, order)]));
  const until = commitUntil(order.submission.order.message);
  if (unixNow() < until - 1) await assert.rejects(attestAll([first], order, set), { code: "commitments-missing" });
  while (unixNow() < until) await new Promise((resolve) => setTimeout(resolve, 200));
  const attested = await attestAll([first, second], order, set);
  assert.deepEqual(
    attested.map(({ state }) => state),
    ["attested", "attested"],
  );
  const status = await finished(hanging, order);
  assert.equal(status.state, "expired");
  assert.equal(status.problem?.code, "order-expired");
  assert.equal(hanging.running.info().slots.free, 2);
});

test("a long poll answers when the order moves, and at once when it has moved", async () => {
  await using world = await committee(["honest"]);
  const [node] = world.nodes as [TestNode];
  const { id, submission } = world.order;
  const committed = await finished(node, world.order);
  const waiting = node.client.orderStatus(id, submission.token, { after: "committed", waitSeconds: 20 });
  await attestAll([node], world.order, commitmentsOf([committed]));
  assert.equal((await waiting).state, "attested");
  const again = await node.client.orderStatus(id, submission.token, { after: "committed", waitSeconds: 20 });
  assert.equal(again.state, "attested");
});

test("an unregistered node tells of itself, offers nothing, and says what is wrong in its health", async () => {
  const chain = new FakeChain();
  await using unregistered = await startTestNode({ chain, registered: false });
  const info = await unregistered.client.info();
  assert.deepEqual([info.node, info.owner, info.offer], [unregistered.node, OWNER, null]);
  const health = (await (await fetch(`${unregistered.running.url}/healthz`)).json()) as { registered: boolean };
  assert.equal(health.registered, false);
  chain.down = new ProtocolError("unreachable", "chain-unreachable", "The chain does not answer.");
  await using other = await startTestNode({ chain, registered: false });
  const ill = await fetch(`${other.running.url}/healthz`);
  assert.equal(ill.status, 502);
  assert.equal(((await ill.json()) as { code: string }).code, "chain-unreachable");
});

test("a registered node offers itself, with its slots and rates", async () => {
  await using node = await startTestNode({ chain: new FakeChain() });
  let { offer } = await node.client.info();
  while (!offer) ({ offer } = await node.client.info());
  await verifySignature(DOMAIN, "Offer", offer, node.node);
  const { endpoint, slots, owner, runtime } = offer.message;
  assert.deepEqual([endpoint, slots, owner, runtime], [node.running.url, 2, OWNER, "fake-runtime/0x1"]);
});

test("restarted, a node knows its orders and answers with the same attestation", async () => {
  const chain = new FakeChain();
  await using first = await startTestNode({ chain });
  const { home, key } = first;
  const order = await makeOrder({ nodes: [first.node] });
  chain.fund(order.lease);
  await sendOrder(first, order);
  const set = commitmentsOf([await finished(first, order)]);
  const [before] = await attestAll([first], order, set);
  await first.running[Symbol.asyncDispose]();
  await using second = await startTestNode({ chain, home, key });
  const after = await second.client.submitOrder(order.submission);
  assert.deepEqual(after, before);
  assert.ok(await second.client.response(order.id, order.submission.token, 0));
});

test("a body that never comes and a peer that vanishes harm nobody", async () => {
  await using world = await committee(["hangs"]);
  const [node] = world.nodes as [TestNode];
  const socket = connect(Number(new URL(node.running.url).port), "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(
    "POST /v1/orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{",
  );
  await node.client.info();
  socket.destroy();
  const poll = new AbortController();
  const { id, submission } = world.order;
  const waiting = node.client.orderStatus(id, submission.token, {
    after: "running",
    waitSeconds: 20,
    signal: poll.signal,
  });
  poll.abort(new Error("gone"));
  await assert.rejects(waiting, /gone/);
  assert.equal((await node.client.info()).node, node.node);
});

test("metrics tell orders by state, jobs by outcome and free slots", async () => {
  await using world = await committee(["honest"]);
  const [node] = world.nodes as [TestNode];
  await finished(node, world.order);
  const text = await (await fetch(`${node.running.url}/metrics`)).text();
  for (const line of [
    'mimik_orders{state="committed"} 1',
    'mimik_jobs_total{outcome="ok"} 2',
    "mimik_free_slots 2",
    "mimik_fuel_total 2000",
  ]) {
    assert.ok(text.includes(line), `${line} in\n${text}`);
  }
});

test("a stop while jobs hang and polls wait ends at once, and everything closes", async () => {
  await using world = await committee(["hangs"]);
  const [node] = world.nodes as [TestNode];
  const { id, submission } = world.order;
  const waiting = node.client.orderStatus(id, submission.token, { after: "running", waitSeconds: 20 }).catch(() => {});
  await node.running[Symbol.asyncDispose]();
  await waiting;
  await assert.rejects(node.client.info(), { code: "peer-unreachable" });
});

test("a second node on the same home is refused", async () => {
  const chain = new FakeChain();
  await using node = await startTestNode({ chain });
  await assert.rejects(startTestNode({ chain, home: node.home, key: newKey() }), { code: "store-locked" });
});
