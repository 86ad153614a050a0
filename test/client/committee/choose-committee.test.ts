// The committee is matched here; a marketplace, or whoever sends offers, can only waste our time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildBid } from "#client/bid/build-bid.ts";
import { chooseCommittee } from "#client/committee/choose-committee.ts";
import { newestOffers } from "#client/committee/gather-offers.ts";
import { jobTerms } from "#client/job-terms.ts";
import { digestOf } from "#protocol/digest.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import { fakeMarket } from "../fake/fake-market.ts";

const RUNTIME = "test-runtime/1";

function bidAt(now: number) {
  const digest = digestOf(new Uint8Array());
  const usage = { fuel: 1_000n, memoryPages: 1, bytesIn: 1, bytesOut: 1, events: 0 };
  const spec = { fuel: 1_000n, memoryPages: 1, responseBytes: 1, image: digest, request: digest };
  return buildBid({
    consumer: `0x${"11".repeat(20)}`,
    image: digest,
    runtime: RUNTIME,
    terms: jobTerms(),
    quote: { jobs: [{ ...spec, virtualTimeMillis: 0, seed: `0x${"00".repeat(32)}` }], requests: [], usage: [usage] },
    salt: `0x${"22".repeat(32)}`,
    now,
  });
}

test("a forged offer, and one of a node that the chain binds to another owner, are passed over", async () => {
  const { ledger, nodes, world } = await fakeMarket(["honest", "honest", "honest", "honest", "honest"]);
  const now = Math.floor(world.clock.now() / 1_000);
  const [stolen, forged, ...good] = nodes;
  const cheap = { job: 0n, fuel: 0n, memory: 0n, bytes: 0n, events: 0n };
  const offers: Signed<Offer>[] = [
    { ...(stolen?.signedOffer as Signed<Offer>) },
    { message: { ...(forged?.offer as Offer), rates: cheap }, signature: forged?.signedOffer.signature ?? "0x" },
    ...good.map(({ signedOffer }) => signedOffer),
  ];
  ledger.owners.set(stolen?.node ?? "0x", `0x${"ff".repeat(20)}`);
  const committee = await chooseCommittee({ ledger, bid: bidAt(now), offers, banned: [], now });
  assert.deepEqual(committee.map(({ message }) => message.node).toSorted(), good.map(({ node }) => node).toSorted());
});

test("a ban leaves too few, and the refusals say why", async () => {
  const { ledger, nodes, world } = await fakeMarket(["honest", "honest", "honest"]);
  const now = Math.floor(world.clock.now() / 1_000);
  const offers = nodes.map(({ signedOffer }) => signedOffer);
  const banned = [nodes[0]?.node ?? "0x"] as const;
  await assert.rejects(
    chooseCommittee({ ledger, bid: bidAt(now), offers, banned, now }),
    (error: Error & { code?: string; context?: { refusals: string[] } }) => {
      assert.equal(error.code, "committee-too-small");
      assert.match(error.context?.refusals.join() ?? "", /node-banned/);
      return true;
    },
  );
});

test("of a node's offers the newest counts", async () => {
  const { nodes } = await fakeMarket(["honest"]);
  const [node] = nodes;
  const old = node?.signedOffer as Signed<Offer>;
  const fresh = { ...old, message: { ...old.message, sequence: 9n } };
  assert.deepEqual(newestOffers([fresh, old]), [fresh]);
  assert.deepEqual(newestOffers([old, fresh]), [fresh]);
});
