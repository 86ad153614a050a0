import assert from "node:assert/strict";
import { test } from "node:test";
import { ownRecords } from "#client/confidence/own-records.ts";
import { type FakeMarket, fakeMarket } from "../fake/fake-market.ts";
import type { Behaviour } from "../fake/fake-node.ts";

/** Each node's record as this consumer has seen it, in the order of the market's nodes. */
async function seen({ store, nodes }: FakeMarket) {
  const records = ownRecords(await store.jobs());
  return nodes.map(({ node }) => records.get(node));
}

test("each answer that is as this machine's own counts, and one that is not takes the row back to zero", async () => {
  const market = await fakeMarket(["honest", "honest", "lies"]);
  for (let job = 0; job < 3; job++) await market.run([`job ${job}`]);
  const right = { inARow: 3, valid: 3, invalid: 0 };
  assert.deepEqual(await seen(market), [right, right, { inARow: 0, valid: 0, invalid: 3 }]);
  (market.nodes[2] as (typeof market.nodes)[number]).behaviour = "honest";
  await market.run(["better"]);
  assert.deepEqual((await seen(market))[2], { inARow: 1, valid: 1, invalid: 3 });
});

test("a committee that agrees on a lie is not believed: the own run says who is right", async () => {
  const market = await fakeMarket(["lies", "lies", "honest"]);
  await assert.rejects(market.run(), { code: "answer-wrong" });
  const wrong = { inARow: 0, valid: 0, invalid: 1 };
  assert.deepEqual(await seen(market), [wrong, wrong, { inARow: 1, valid: 1, invalid: 0 }]);
});

test("a bill that is not this machine's own, and a breach of what was signed, are faults too", async () => {
  for (const behaviour of ["inflates-usage", "overprices", "opens-another"] as const) {
    const market = await fakeMarket(["honest", "honest", behaviour]);
    await market.run();
    assert.deepEqual((await seen(market))[2], { inARow: 0, valid: 0, invalid: 1 }, behaviour);
  }
});

test("silence tells nothing, and neither does a signature that is not the node's", async () => {
  const silent: readonly Behaviour[] = [
    "is-dead",
    "refuses",
    "fails",
    "dies-after-commitment",
    "signs-with-another-key",
  ];
  for (const behaviour of silent) {
    const market = await fakeMarket(["honest", "honest", behaviour]);
    await market.run();
    assert.equal((await seen(market))[2], undefined, behaviour);
  }
});

test("where the job was not run here nobody earns trust, but who differs from a quorum loses it", async () => {
  const lone = await fakeMarket(["honest", "honest", "lies"]);
  await lone.run(["heavy"], {}, { runtime: undefined });
  assert.deepEqual(await seen(lone), [undefined, undefined, { inARow: 0, valid: 0, invalid: 1 }]);
  const split = await fakeMarket(["honest", "lies", "lies-otherwise"]);
  await assert.rejects(split.run(["heavy"], {}, { runtime: undefined }), { code: "no-quorum" });
  assert.deepEqual(await seen(split), [undefined, undefined, undefined], "without a quorum nobody knows who is right");
});
