// A rented lease that its consumer is done with: the remainder comes back with the clearing of its last voucher.
import assert from "node:assert/strict";
import { test } from "node:test";
import { endLease } from "#client/lease/end-lease.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type FakeMarket, fakeMarket } from "../fake/fake-market.ts";
import type { Behaviour } from "../fake/fake-node.ts";

const HONEST: readonly Behaviour[] = ["honest", "honest", "honest"];

async function end(market: FakeMarket, lease: string) {
  return endLease(market.world, await market.store.lease(lease));
}

test("the remainder is back at once, every node is paid, and the lease takes no order any more", async () => {
  const market = await fakeMarket(HONEST);
  const before = market.ledger.balance;
  const { lease } = await market.rent();
  const amounts = [await market.run(["a"], {}, { lease }), await market.run(["b"], {}, { lease })].map(({ payment }) =>
    payment.kind === "voucher" ? payment.amount : assert.fail(),
  );
  const perNode = amounts.reduce((sum, amount) => sum + amount, 0n);
  const closed = await end(market, lease);
  assert.ok("refund" in closed && closed.transaction !== null);
  assert.equal(closed.refund, 1_000_000n - 3n * perNode);
  assert.equal(market.ledger.balance, before - 3n * perNode);
  assert.equal(market.ledger.leases.get(lease)?.paidPerNode, perNode);
  assert.equal((await market.store.lease(lease)).closed, true);
  await assert.rejects(market.run(["c"], {}, { lease }), { code: "lease-ended" });
  await assert.rejects(end(market, lease), { code: "lease-not-open" });
});

test("a lease without a job comes back whole", async () => {
  const market = await fakeMarket(HONEST);
  const before = market.ledger.balance;
  const { lease } = await market.rent();
  const closed = await end(market, lease);
  assert.ok("refund" in closed);
  assert.equal(market.ledger.balance, before);
});

test("with a node away it ends and says why, and is closed when the node is back", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  await market.run(["a"], {}, { lease });
  const [node] = market.nodes;
  assert.ok(node);
  node.behaviour = "is-dead";
  const ending = await end(market, lease);
  assert.ok("refusals" in ending);
  assert.deepEqual(
    ending.refusals.map((refusal) => [refusal.node, refusal.code]),
    [[node.node, "peer-unreachable"]],
  );
  assert.ok(ending.closableFrom > market.world.clock.now() / 1_000);
  await assert.rejects(market.run(["b"], {}, { lease }), { code: "lease-ended" });
  node.behaviour = "honest";
  assert.ok("refund" in (await end(market, lease)));
});

test("a node that takes the last voucher and does not sign its clearing is named", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  const [node] = market.nodes;
  assert.ok(node);
  node.signClearing = () => Promise.reject(Object.assign(new Error("no"), { code: "no" }));
  await assert.rejects(end(market, lease), /no/, "a bug is not taken for a refusal");
  node.signClearing = () => Promise.reject(new ProtocolError("conflict", "voucher-not-held", "It holds another one."));
  const ending = await end(market, lease);
  assert.ok("refusals" in ending);
  assert.deepEqual(
    ending.refusals.map((refusal) => [refusal.node, refusal.code]),
    [[node.node, "clearing-not-signed"]],
  );
});

test("when the nodes have cleared the last voucher themselves, nothing is sent", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  const first = await market.run(["a"], {}, { lease });
  const amount = first.payment.kind === "voucher" ? first.payment.amount : assert.fail();
  const { clear } = market.ledger;
  market.ledger.clear = async (batch, bytes) => {
    await clear(batch, bytes);
    return { transaction: batch, closed: [] };
  };
  const closed = await end(market, lease);
  assert.deepEqual(closed, { lease, refund: 1_000_000n - 3n * amount, transaction: null });
});

test("an order without an answer keeps the lease until nobody can force it; after expiry and grace nothing does", async () => {
  const market = await fakeMarket(["lies", "honest", "lies-otherwise"]);
  const { lease } = await market.rent();
  await assert.rejects(market.run(["a"], {}, { lease }), { code: "no-quorum" });
  await assert.rejects(end(market, lease), { code: "lease-in-use" });
  await market.world.clock.sleep(300_000);
  const closed = await end(market, lease);
  assert.ok("refund" in closed);
  assert.equal(closed.refund, 1_000_000n);

  const late = await market.rent();
  await assert.rejects(market.run(["a"], {}, { lease: late.lease }), { code: "no-quorum" });
  for (const node of market.nodes) node.behaviour = "is-dead";
  await market.world.clock.sleep(4_000_000);
  const after = await end(market, late.lease);
  assert.ok("refund" in after);
  assert.equal(after.refund, 1_000_000n);
});
