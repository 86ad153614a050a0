import assert from "node:assert/strict";
import { test } from "node:test";
import { type Address, zeroAddress } from "viem";
import type { ClientWorld } from "#client/client-world.ts";
import { assureTerms } from "#client/confidence/assure-terms.ts";
import { jobTerms } from "#client/job-terms.ts";
import { planJobs } from "#client/quote/quote.ts";
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import type { Reputation } from "#protocol/reputation.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { type FakeMarket, fakeMarket, testImage } from "../fake/fake-market.ts";
import type { Behaviour, FakeNode } from "../fake/fake-node.ts";

const RUNTIME = "test-runtime/1";
const honest = (count: number): Behaviour[] => new Array(count).fill("honest");

async function assured(world: ClientWorld, confidence: number) {
  const packed = testImage();
  const image = await openImage(packed.digest, async (digest) => packed.blobs.get(digest) ?? new Uint8Array());
  const quote = planJobs({
    image,
    requests: [{ method: "GET", url: "/", headers: [], body: new Uint8Array() }],
    virtualTimeMillis: 0,
  });
  const terms = jobTerms();
  const consumer = zeroAddress;
  const planned = await assureTerms(world, {
    confidence,
    consumer,
    image: image.digest,
    runtimeId: RUNTIME,
    terms,
    quote,
  });
  assert.ok(planned.assurance);
  return { ...planned, assurance: planned.assurance };
}

/** A world that finds its offers, and nodes' records, at a marketplace. */
function told({ world, nodes }: FakeMarket, record: (node: FakeNode) => number): ClientWorld {
  const marketplace = {
    endpoint: "http://market.test",
    offers: async () => ({
      rows: nodes.map(({ signedOffer }) => ({ id: "0x00", offer: signedOffer, receivedAt: 0 })),
      next: null,
    }),
    nodes: async () => ({
      rows: nodes.map((fake) => {
        const inARow = record(fake);
        const reputation: Reputation = { inARow, valid: inARow, invalid: 0 };
        return { node: fake.node, owner: fake.offer.owner, stake: 0n, earned: 0n, jobs: 0, reputation, offer: null };
      }),
      next: null,
    }),
  } as unknown as MarketplaceClient;
  return { ...world, offers: undefined, marketplace };
}

test("newcomers are replicated until the wanted confidence is there; their records then make it cheaper", async () => {
  const market = await fakeMarket(honest(5));
  const first = await market.run(["a"], {}, { confidence: 0.99 });
  assert.equal(first.committee.length, 5, "three newcomers give 0.972");
  assert.ok((first.assurance?.reached ?? 0) >= 0.99);
  for (let job = 0; job < 6; job++) await market.run([`${job}`], {}, { confidence: 0.99 });
  const later = await market.run(["b"], {}, { confidence: 0.99 });
  assert.equal(later.committee.length, 3, "three with seven right answers in a row give 0.990");
  assert.ok(later.paid.length < first.paid.length);
});

test("after ten right answers in a row one node is enough, and it is settled and paid alone", async () => {
  const market = await fakeMarket(honest(3));
  for (let job = 0; job < 10; job++) {
    const result = await market.run([`${job}`], {}, { confidence: 0.95 });
    assert.equal(result.committee.length, 3, `job ${job} is replicated`);
    assert.equal(result.assurance?.checkedShare, 1);
  }
  let alone = await market.run(["alone"], {}, { confidence: 0.95 });
  for (let tries = 0; alone.assurance?.spotCheck; tries++) {
    assert.equal(alone.committee.length, 3, "a check is a committee");
    assert.ok(tries < 30);
    alone = await market.run([`again ${tries}`], {}, { confidence: 0.95 });
  }
  assert.deepEqual([alone.committee.length, alone.agreed.length, alone.paid.length], [1, 1, 1]);
  assert.ok((alone.assurance?.checkedShare ?? 1) <= 1 / 10);
});

/** The next job that is not a spot check. */
async function runUnchecked(market: FakeMarket, confidence: number) {
  for (let tries = 0; tries < 60; tries++) {
    const result = await market.run([`try ${tries}`], {}, { confidence });
    if (!result.assurance?.spotCheck) return result;
  }
  return assert.fail("sixty spot checks in a row");
}

test("a trusted node is preferred to a stranger that comes first, and when it is gone another trusted one follows", async () => {
  const market = await fakeMarket(honest(4));
  const [stranger, first] = market.nodes.toSorted((a, b) => (BigInt(a.node) < BigInt(b.node) ? -1 : 1));
  assert.ok(stranger && first);
  const { offers } = market.world;
  Object.assign(market.world, { offers: offers?.filter(({ message }) => message.node !== stranger.node) });
  for (let job = 0; job < 11; job++) await market.run([`${job}`], { replicas: 3 });
  Object.assign(market.world, { offers });
  const alone = await runUnchecked(market, 0.95);
  assert.deepEqual(
    alone.committee.map(({ node }) => node),
    [first.node],
  );
  first.behaviour = "is-dead";
  const again = await runUnchecked(market, 0.95);
  assert.equal(again.committee.length, 1);
  assert.ok(again.committee.every(({ node }) => node !== first.node && node !== stranger.node));
});

test("a lying marketplace makes nobody trusted beyond ten answers, and checks go on as often as for those", async () => {
  const market = await fakeMarket(honest(5));
  const lied = told(market, () => 1_000_000_000);
  assert.equal((await assured(lied, 0.99)).replicas, 3, "records of ten in a row, not of a milliard");
  let checks = 0;
  for (let job = 0; job < 200; job++) {
    const { assurance, replicas } = await assured(lied, 0.95);
    assert.equal(assurance.checkedShare, 1 / 10);
    assert.equal(replicas, assurance.spotCheck ? 3 : 1);
    if (assurance.spotCheck) checks++;
  }
  // 20 are expected; six standard deviations are 25.
  assert.ok(checks > 0 && checks < 46, `${checks} of 200 were checked`);
});

test("a node that this consumer has seen lie is never alone again, whatever a marketplace says of it", async () => {
  const market = await fakeMarket(["honest", "honest", "lies"]);
  await market.run();
  const liar = market.nodes[2] as FakeNode;
  const praised = told(market, (node) => (node === liar ? 1_000_000 : 0));
  assert.deepEqual((await assured(praised, 0.9)).replicas, 3);
  const honestPraised = told(market, () => 1_000_000);
  const { assurance } = await assured(honestPraised, 0.95);
  assert.ok(assurance.spotCheck || !assurance.nodes.includes(liar.node));
});

test("without a word from a marketplace a node has only the record that this consumer has made", async () => {
  const market = await fakeMarket(honest(3));
  const { replicas, quorumBps, assurance } = await assured(market.world, 0.9);
  assert.deepEqual([replicas, quorumBps, assurance.checkedShare], [3, 6_666, 1]);
});

test("a forged offer does not stand in the way of a committee", async () => {
  const market = await fakeMarket(honest(4));
  const [forged] = market.nodes.toSorted((a, b) => (BigInt(a.node) < BigInt(b.node) ? -1 : 1));
  market.ledger.owners.set((forged as FakeNode).node, `0x${"77".repeat(20)}` as Address);
  const { replicas, assurance } = await assured(market.world, 0.97);
  assert.equal(replicas, 3);
  assert.ok(!assurance.nodes.includes((forged as FakeNode).node));
});

test("a node that a check has caught is no candidate, however cheap it is", async () => {
  const market = await fakeMarket(["lies", "lies", "lies", ...honest(3)], [1n, 1n, 1n]);
  const check = { share: 1, by: "self" } as const;
  await assert.rejects(market.run(["a"], { check }, { runtime: undefined }), { code: "answer-wrong" });
  const { assurance } = await assured(market.world, 0.9);
  assert.deepEqual(
    assurance.nodes.toSorted(),
    market.nodes
      .slice(3)
      .map(({ node }) => node)
      .toSorted(),
  );
});

test("what cannot be given is refused before anything is bought", async () => {
  const market = await fakeMarket(honest(3));
  await assert.rejects(market.run(["x"], {}, { confidence: 0.99 }), { code: "confidence-out-of-reach" });
  await assert.rejects(market.run(["x"], {}, { confidence: 1 }), { code: "confidence-out-of-range" });
  await assert.rejects(market.run(["x"], {}, { confidence: 0.9, lease: "0x123456" }), { code: "confidence-in-lease" });
  assert.equal(market.ledger.leases.size, 0);
});
