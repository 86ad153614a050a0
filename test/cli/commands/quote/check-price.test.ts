import assert from "node:assert/strict";
import { test } from "node:test";
import { zeroAddress, zeroHash } from "viem";
import { checkLines, priceOfChecks } from "#cli/commands/quote/check-price.ts";
import { buildBid } from "#client/bid/build-bid.ts";
import { unixSeconds } from "#client/clock.ts";
import { type CheckWish, jobTerms } from "#client/job-terms.ts";
import { quotedPrice } from "#client/quote/price-cap.ts";
import { planJobs } from "#client/quote/quote.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { type FakeMarket, fakeMarket, testImage } from "../../../client/fake/fake-market.ts";

async function priced({ world, nodes }: FakeMarket, wish: CheckWish) {
  const packed = testImage();
  const image = await openImage(packed.digest, async (digest) => packed.blobs.get(digest) ?? new Uint8Array());
  const requests = [{ method: "GET", url: "/", headers: [], body: new Uint8Array() }];
  const quote = planJobs({ image, requests, virtualTimeMillis: 0 });
  const now = unixSeconds(world.clock);
  const runtime = nodes[0]?.offer.runtime ?? "";
  const terms = jobTerms();
  const bid = buildBid({ consumer: zeroAddress, image: image.digest, runtime, terms, quote, salt: zeroHash, now });
  const committee = nodes.slice(0, 3).map(({ node }) => node);
  const price = priceOfChecks({ wish, bid, offers: world.offers ?? [], committee, quote, now, localMillis: 4_000 });
  return { price, costOf: (index: number) => quotedPrice(quote, nodes[index]?.offer.rates ?? assert.fail()) };
}

test("checks by another committee cost its own price for the checked share", async () => {
  const market = await fakeMarket(new Array(6).fill("honest"), [100n, 100n, 100n, 700n, 800n, 900n]);
  const { price, costOf } = await priced(market, { share: 0.05, by: "committee" });
  const total = costOf(3) + costOf(4) + costOf(5);
  assert.equal(price.duplicateTotal, total);
  assert.equal(price.expectedTotal, (total * 5n + 99n) / 100n);
  assert.equal(price.expectedMillis, 0);
  assert.match(
    checkLines(price)[0]?.[1] ?? "",
    /^5 % of the jobs, at another committee for 0\.\d+: 0\.\d+ on average$/,
  );
});

test("checks by oneself cost time of this machine and no money, also where there is no other committee", async () => {
  const market = await fakeMarket(["honest", "honest", "honest", "honest"]);
  for (const by of ["self", "committee"] as const) {
    const { price } = await priced(market, { share: 0.05, by });
    assert.deepEqual([price.duplicateTotal, price.expectedTotal, price.expectedMillis], [null, 0n, 200]);
    const why = by === "self" ? "" : " for want of another committee";
    assert.deepEqual(checkLines(price), [
      ["checks", `5 % of the jobs, run here${why}: no money, 0.200 s of this machine on average`],
      ["caught", "with 50 % after 14 wrong answers, with 95 % after 59"],
    ]);
  }
});

test("a node of an owner of the first committee is no other committee", async () => {
  const market = await fakeMarket(new Array(6).fill("honest"));
  const { owner } = market.nodes[0]?.offer ?? assert.fail();
  const message = { ...(market.nodes[5]?.offer ?? assert.fail()), owner };
  const offers = [...(market.world.offers ?? []).slice(0, 5), { message, signature: zeroHash }];
  Object.assign(market.world, { offers });
  const { price } = await priced(market, { share: 1, by: "committee" });
  assert.equal(price.duplicateTotal, null);
});
