// Committees over real HTTP whose consumer or members fall silent or lie, on an exchange that is a map, by a clock that is
// moved on.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Hex, toHex } from "viem";
import { type Behaviour, FakeChain, TestClock } from "../fake-foundation.ts";
import { finished, startTestNode, type TestNode } from "../node-fixture.ts";
import { newKey, type TestOrder } from "../order-fixture.ts";
import { FakeExchange, serve, until } from "./committee.ts";

const GRACE = 1_000;
/** What a whole coin of the chain costs, tokens. */
const clearing = { coinPrice: "1000", costShareBps: 10_000 };
/** At which forcing one order costs more than it gives, and claiming three of them does not. */
const DEAR = 1_500_000n;
/** Two looks of a node at its unpaid orders, and time for what it does. */
const LOOKS_MILLIS = 6_000;
const homes: TestNode[] = [];
const running = new Set<TestNode>();
after(() => Promise.all([...running, ...homes].map((node) => node[Symbol.asyncDispose]())));

/** A chain of its own, an exchange on it, and three nodes, ascending as their committee names them. */
async function stage(behaviours: readonly Behaviour[] = []) {
  const chain = new FakeChain();
  chain.grace = GRACE;
  const clock = new TestClock();
  const exchange = new FakeExchange(chain, clock);
  const keys = [newKey(), newKey(), newKey()].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const nodes = await Promise.all(
    keys.map((key, index) => {
      const rescues = exchange.forNode(key.address.toLowerCase());
      const behaviour = behaviours[index] ?? "honest";
      return startTestNode({ chain, rescues, key, behaviour, now: clock.now, settings: { clearing } });
    }),
  );
  homes.push(...nodes);
  return { chain, clock, exchange, nodes: nodes as [TestNode, TestNode, TestNode] };
}

/** Whether each order of the lease is paid, as the node's own page of earnings has it. */
async function settledOn({ client }: TestNode, { lease }: TestOrder): Promise<readonly boolean[]> {
  const answer = await fetch(`${client.endpoint}/v1/earnings`);
  const { lines } = (await answer.json()) as { lines: { lease: string; settled: boolean }[] };
  return lines.filter((line) => line.lease === lease).map(({ settled }) => settled);
}

describe("a committee whose consumer is gone", { concurrency: true }, () => {
  test("a consumer that vanishes with its answers pays for all of them by one claim", async () => {
    const { chain, clock, exchange, nodes } = await stage();
    exchange.price = DEAR;
    const lease = { sessionKey: newKey(), salt: toHex(1, { size: 32 }) };
    const now = clock.now();
    const orders: TestOrder[] = [];
    for (const nonce of [1, 2, 3]) {
      const message = { nonce, deadline: now + 100 * nonce, forceFee: 20n };
      orders.push(await serve(chain, nodes, { ...lease, message }));
    }
    clock.moveTo(now + 220);
    await sleep(LOOKS_MILLIS);
    assert.deepEqual(exchange.calls, []);
    clock.moveTo(now + 301);
    assert.ok(await until(() => exchange.calls.length > 0, 30), "nobody claimed");
    clock.moveTo(now + 340);
    await sleep(LOOKS_MILLIS);
    assert.deepEqual(
      exchange.calls.map(({ call, orders, by }) => ({ call, orders, by })),
      [{ call: "claim", orders: orders.map(({ id }) => id), by: nodes[0].node }],
    );
    for (const node of nodes) assert.deepEqual(await settledOn(node, orders[0] as TestOrder), [true, true, true]);
  });

  test("what one node alone was shown is attested by all and settled before the deadline", async () => {
    const { chain, clock, exchange, nodes } = await stage();
    const deadline = clock.now() + 100;
    const order = await serve(chain, nodes, { shownTo: nodes.slice(2), message: { deadline } });
    await sleep(LOOKS_MILLIS);
    assert.equal(exchange.calls.length, 0);
    clock.moveTo(deadline - 45);
    while ((await finished(nodes[0], order)).state !== "attested") await sleep(100);
    clock.moveTo(deadline - 15);
    assert.ok(await until(() => exchange.calls.length > 0, 30), "nobody settled it");
    const [{ call, at } = assert.fail()] = exchange.of(order);
    assert.deepEqual([call, at <= deadline], ["settle", true]);
    clock.moveTo(deadline + 60);
    await sleep(LOOKS_MILLIS);
    assert.equal(exchange.calls.length, 1);
  });

  test("a node that is gone keeps nobody else from being paid", async () => {
    const { chain, clock, exchange, nodes } = await stage();
    const deadline = clock.now() + 100;
    const order = await serve(chain, nodes, { message: { deadline } });
    await nodes[0].running[Symbol.asyncDispose]();
    clock.moveTo(deadline + 25);
    await sleep(LOOKS_MILLIS);
    assert.equal(exchange.calls.length, 0);
    clock.moveTo(deadline + 45);
    assert.ok(await until(() => exchange.of(order).length > 0, 30), "nobody settled it");
    const [{ call, by } = assert.fail()] = exchange.of(order);
    assert.deepEqual([call, by], ["settle", nodes[1].node]);
  });
});

describe("a committee that disagrees, or whose nodes are killed", { concurrency: true }, () => {
  test("a node that lies is adjudicated by those that agree, once", async () => {
    const { chain, clock, exchange, nodes } = await stage(["lies"]);
    const deadline = clock.now() + 100;
    const order = await serve(chain, nodes, { message: { deadline } });
    clock.moveTo(deadline - 10);
    await sleep(LOOKS_MILLIS);
    assert.equal(exchange.calls.length, 0);
    clock.moveTo(deadline + 15);
    assert.ok(await until(() => exchange.calls.length > 0, 30), "nobody adjudicated it");
    clock.moveTo(deadline + 100);
    await sleep(LOOKS_MILLIS);
    assert.deepEqual(
      exchange.of(order).map(({ call, by }) => [call, by]),
      [["adjudicate", nodes[1].node]],
    );
    assert.deepEqual([...exchange.frozen], [[nodes[0].node, deadline + 4 * GRACE]]);
  });

  test("a dissenter that whoever settled left out is accused, once", async () => {
    const { chain, clock, exchange, nodes } = await stage(["honest", "honest", "lies"]);
    const deadline = clock.now() + 100;
    const order = await serve(chain, nodes, { message: { deadline } });
    clock.moveTo(deadline - 60);
    await sleep(LOOKS_MILLIS);
    // Somebody settles with those two that agree.
    clock.moveTo(deadline + 1);
    chain.settled.add(`${order.lease}/1`);
    clock.moveTo(deadline + 32);
    assert.ok(await until(() => exchange.frozen.size > 0, 30), "nobody accused it");
    clock.moveTo(deadline + 100);
    await sleep(LOOKS_MILLIS);
    const [{ call } = assert.fail(), ...more] = exchange.of(order);
    assert.deepEqual([call, more], ["accuse", []]);
  });

  test("killed between signing a claim and sending it, the nodes claim the same once more, and once", async () => {
    const { chain, clock, exchange, nodes } = await stage();
    Object.assign(exchange, { price: DEAR, loses: true });
    const lease = { sessionKey: newKey(), salt: toHex(2, { size: 32 }) };
    const deadline = clock.now() + 100;
    const claimed: Hex[] = [];
    for (const nonce of [1, 2, 3]) {
      const { id } = await serve(chain, nodes, { ...lease, message: { deadline, forceFee: 20n, nonce } });
      claimed.push(id);
    }
    clock.moveTo(deadline + 1);
    assert.ok(await until(() => exchange.lost.length > 0, 30), "nobody claimed");
    await Promise.all(nodes.map((node) => node.running[Symbol.asyncDispose]()));
    assert.equal(exchange.calls.length, 0);
    exchange.loses = false;
    // The first one stays away: whoever is next goes on with what it has signed.
    const again = async ({ key, home, node, running: was }: TestNode) => {
      const settings = { clearing, listen: { port: Number(new URL(was.url).port) } };
      const rescues = exchange.forNode(node);
      running.add(await startTestNode({ chain, rescues, key, home, now: clock.now, settings }));
    };
    await Promise.all(nodes.slice(1).map(again));
    clock.moveTo(deadline + 60);
    await sleep(LOOKS_MILLIS);
    assert.equal(exchange.calls.length, 0);
    await again(nodes[0]);
    assert.ok(await until(() => exchange.calls.length > 0, 60), "nobody claimed");
    await sleep(LOOKS_MILLIS);
    const [{ call, orders } = assert.fail(), ...more] = exchange.calls;
    assert.deepEqual([call, orders, more], ["claim", claimed, []]);
    assert.ok(exchange.lost.every((lost) => String(lost) === String(claimed)));
  });
});
