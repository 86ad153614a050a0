// What whole nodes bring before a court that is a list.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Hex, keccak256 } from "viem";
import { httpPeerClient } from "#mesh/peer-client.ts";
import { signMessage, verifySignature } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { type Behaviour, FakeChain, TestClock } from "../fake-foundation.ts";
import { finished, startTestNode, type TestNode } from "../node-fixture.ts";
import { DOMAIN, newKey, type TestOrder } from "../order-fixture.ts";
import { FakeExchange, serve, until } from "../rescue/committee.ts";
import { FakeCourt } from "./fake-court.ts";

const GRACE = 1_000;
const clearing = { coinPrice: "0", costShareBps: 10_000 };
const LOOKS_MILLIS = 5_000;
const running = new Set<TestNode>();
after(() => Promise.all([...running].map((node) => node[Symbol.asyncDispose]())));

/** Three nodes, ascending, whose dispute the chain knows before any of their clocks is moved. */
async function stage(behaviours: readonly Behaviour[] = []) {
  const chain = new FakeChain();
  chain.grace = GRACE;
  const [clock, court] = [new TestClock(), new FakeCourt()];
  const exchange = new FakeExchange(chain, clock);
  const keys = [newKey(), newKey(), newKey()].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const start = async (index: number, home?: string) => {
    const key = keys[index] as (typeof keys)[number];
    const by = key.address.toLowerCase();
    const own = { key, behaviour: behaviours[index] ?? "honest", settings: { clearing }, ...(home && { home }) };
    const hands = { rescues: exchange.forNode(by), court: court.forNode(by), now: clock.now };
    const node = await startTestNode({ chain, ...own, ...hands });
    running.add(node);
    return node;
  };
  const nodes = (await Promise.all([start(0), start(1), start(2)])) as [TestNode, TestNode, TestNode];
  return { chain, clock, court, exchange, nodes, start };
}

describe("nodes at the court", { concurrency: true }, () => {
  test("a node with stake registers the key of a juror, once, and one without stake does not", async () => {
    const { court, nodes } = await stage();
    await sleep(LOOKS_MILLIS);
    assert.deepEqual(court.of("register"), []);
    const chain = new FakeChain();
    const key = newKey();
    const id = key.address.toLowerCase() as NodeId;
    court.staked.add(id);
    const staked = await startTestNode({ chain, key, court: court.forNode(id), settings: { clearing } });
    running.add(staked);
    assert.ok(await until(() => court.of("register").length > 0, 20), "nobody registered");
    await sleep(LOOKS_MILLIS);
    const [{ by, call, ...sent } = assert.fail(), ...more] = court.of("register");
    assert.deepEqual([by, call, more], [id, "register", []]);
    assert.ok("registration" in sent && court.keys.get(id) === keccak256(sent.registration.key));
    assert.ok(!nodes.some(({ node }) => court.keys.has(node)));
  });

  test("the honest third appeals when it is accused, once, with everybody's attestations", async () => {
    const { chain, clock, court, nodes } = await stage(["lies", "lies", "honest"]);
    const deadline = clock.now() + 100;
    const order = await serve(chain, nodes, { message: { deadline } });
    court.drawn.add(order.lease);
    clock.moveTo(deadline + 40);
    await sleep(LOOKS_MILLIS);
    assert.deepEqual(court.of("appeal"), []);
    court.accuse(order.id, order.lease, nodes[2].node);
    assert.ok(await until(() => court.of("appeal").length > 0, 30), "nobody appealed");
    court.open(order.id, order.lease, deadline + 4 * GRACE);
    clock.moveTo(deadline + 2 * GRACE + 100);
    await sleep(LOOKS_MILLIS);
    const [appeal = assert.fail(), ...more] = court.of("appeal");
    assert.deepEqual([appeal.by, more, court.of("punish")], [nodes[2].node, [], []]);
    assert.ok("evidence" in appeal);
    const shown = appeal.evidence.attestations.map(({ message }) => message.node);
    assert.deepEqual(
      shown,
      nodes.map(({ node }) => node),
    );
  });

  test("an adjudicated liar of a drawn lease is accused too, and punished when nobody appeals", async () => {
    const { chain, clock, court, exchange, nodes } = await stage(["honest", "honest", "lies"]);
    const deadline = clock.now() + 100;
    const order = await serve(chain, nodes, { message: { deadline } });
    court.drawn.add(order.lease);
    clock.moveTo(deadline + 35);
    const calls = () => exchange.of(order).map(({ call }) => call);
    assert.ok(await until(() => calls().includes("adjudicate"), 30), "nobody adjudicated it");
    clock.moveTo(deadline + 100);
    assert.ok(await until(() => calls().includes("accuse"), 60), "nobody accused it");
    // The liar has no gas to appeal with: its clock is not asked for, only what the chain tells.
    court.accuse(order.id, order.lease, nodes[2].node);
    await nodes[2].running[Symbol.asyncDispose]();
    await sleep(LOOKS_MILLIS);
    assert.deepEqual(court.of("punish"), []);
    clock.moveTo(deadline + 2 * GRACE + 100);
    assert.ok(await until(() => court.of("punish").length > 0, 60), "nobody punished it");
    assert.ok(court.of("punish").every(({ by }) => by !== nodes[2].node));
  });
});

describe("evidence before the court", { concurrency: true }, () => {
  test("an accusation that the chain took back is not appealed", async () => {
    const { chain, clock, court, nodes } = await stage(["lies", "lies", "honest"]);
    const deadline = clock.now() + 100;
    const order = await serve(chain, nodes, { message: { deadline } });
    court.drawn.add(order.lease);
    court.accuse(order.id, order.lease, nodes[2].node);
    court.reorganise();
    clock.moveTo(deadline + 40);
    await sleep(LOOKS_MILLIS);
    // Before its deadline nobody can be accused, so the first look at it comes with the reorganisation told.
    assert.deepEqual(court.of("appeal"), []);
  });

  test("two attestations of one node for one order are kept and brought to the court, over a restart too", async () => {
    const { chain, clock, court, nodes, start } = await stage();
    const order: TestOrder = await serve(chain, nodes, { message: { deadline: clock.now() + 100 } });
    const { attestation } = await finished(nodes[0], order);
    const theirs = (await finished(nodes[1], order)).attestation ?? assert.fail();
    const lie: Hex = `0x${"66".repeat(32)}`;
    const second = await signMessage(nodes[1].key, DOMAIN, "Attestation", { ...theirs.message, resultHash: lie });
    assert.ok(attestation);
    const peer = httpPeerClient(nodes[0].running.url);
    for (const each of [theirs, second]) await peer.exchangeAttestations({ commitments: [], attestations: [each] });
    await nodes[0].running[Symbol.asyncDispose]();
    await start(0, nodes[0].home);
    assert.ok(await until(() => court.of("equivocation").length > 0, 30), "nobody proved it");
    await sleep(LOOKS_MILLIS);
    const proofs = court.of("equivocation").filter(({ by }) => by === nodes[0].node);
    const [proof = assert.fail()] = proofs;
    assert.ok("first" in proof);
    for (const each of [proof.first, proof.second]) {
      await verifySignature(DOMAIN, "Attestation", each, nodes[1].node);
      assert.equal(each.message.order, order.id);
    }
    assert.notEqual(proof.first.message.resultHash, proof.second.message.resultHash);
    assert.equal(new Set(proofs.map(({ key }) => key)).size, 1);
  });
});
