// What a lease still owes when the command that ran its last job is long gone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { payingLeases, payLease } from "#client/vouchers/pay-lease.ts";
import { type FakeMarket, fakeMarket } from "../fake/fake-market.ts";

/** A lease of which one node lacks the voucher: the second job was settled, the first is signed for anew. */
async function owing() {
  const market = await fakeMarket(["honest", "honest", "honest"]);
  const { lease } = await market.rent();
  const first = await market.run(["a"], {}, { lease });
  const amount = first.payment.kind === "voucher" ? first.payment.amount : assert.fail();
  const [node] = market.nodes;
  assert.ok(node);
  node.behaviour = "misses-vouchers";
  await market.run(["b"], {}, { lease });
  return { market, lease, node, amount };
}

async function pay(market: FakeMarket, lease: string) {
  return payLease(market.world, await market.store.lease(lease));
}

test("a node that was away gets the voucher, and a second time there is nothing to do", async () => {
  const { market, lease, node, amount } = await owing();
  node.behaviour = "honest";
  const shown = () => market.nodes.reduce((sum, { payee }) => sum + payee.shown.length, 0);
  const before = shown();
  const paid = await pay(market, lease);
  const expected = { lease, perNode: amount, upTo: 2, clearedPerNode: 0n, refusals: [], settled: [] };
  assert.deepEqual(paid, expected);
  assert.equal(shown(), before + 1, "those that have it are not asked again");
  assert.deepEqual(await pay(market, lease), expected);
  assert.equal(shown(), before + 1);
  assert.deepEqual(
    (await payingLeases(market.world)).map((record) => record.lease),
    [lease],
  );
});

test("before its deadline an order waits for the voucher; after it, it is settled, once", async () => {
  const { market, lease, node } = await owing();
  const early = await pay(market, lease);
  assert.deepEqual([early.refusals.map(({ code }) => code), early.settled], [["peer-unreachable"], []]);
  await market.world.clock.sleep(50_000);
  const late = await pay(market, lease);
  assert.deepEqual(
    late.settled.map(({ nonce }) => nonce),
    [1],
  );
  assert.equal(market.ledger.settlements.size, 2);
  const record = (await market.store.jobs()).find(({ attempts }) => attempts[0]?.voucher?.nonce === 1);
  assert.ok(record?.attempts[0]?.settlement);
  node.behaviour = "honest";
  assert.deepEqual((await pay(market, lease)).settled, []);
  assert.equal(market.ledger.settlements.size, 2);
  // Nothing is owed beside what was settled.
  for (const { payee } of market.nodes) {
    const { perNode, forced } = payee.held.get(lease) ?? {};
    assert.deepEqual([perNode, forced], [0n, 2]);
  }
});

test("an order that can no longer be settled is left alone", async () => {
  const { market, lease } = await owing();
  await market.world.clock.sleep(600_000);
  const paid = await pay(market, lease);
  assert.deepEqual(paid.settled, []);
  assert.equal(paid.refusals.length, 1);
});

test("an order that waited behind one whose program then died is settled after its deadline", async () => {
  const market = await fakeMarket(["honest", "honest", "honest"]);
  const { lease } = await market.rent();
  const [one, other] = market.nodes;
  assert.ok(one && other);
  [one.behaviour, other.behaviour] = ["hangs", "hangs"];
  const slow = market.run(["slow"], {}, { lease }).catch((error: Error) => error);
  while ((await market.store.lease(lease)).orders === 0) await market.world.clock.sleep(10);
  await market.world.clock.sleep(1_000);
  [one.behaviour, other.behaviour] = ["honest", "honest"];
  const quick = await market.run(["quick"], {}, { lease });
  assert.ok(quick.payment.kind === "voucher" && !quick.payment.handed);
  assert.ok((await slow) instanceof Error, "no quorum for the slow one");
  await market.world.clock.sleep(10_000);
  const paid = await pay(market, lease);
  assert.deepEqual(
    paid.settled.map(({ nonce }) => nonce),
    [2],
  );
});
