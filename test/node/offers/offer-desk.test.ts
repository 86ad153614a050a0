import assert from "node:assert/strict";
import { after, test } from "node:test";
import { pino } from "pino";
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import { OfferDesk, type OfferParts } from "#node/offers/offer-desk.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Cancellation, Offer, Signed } from "#protocol/signed-messages.ts";
import { signingHash, verifySignature } from "#protocol/signing.ts";
import { DOMAIN, newKey, OWNER, RATES, unixNow } from "../order-fixture.ts";

const key = newKey();
// The desk's own waits are unreferenced, so that a daemon may end; a test has nothing else to stay for.
const stay = setInterval(() => {}, 1_000);
after(() => clearInterval(stay));

/** A fake marketplace that notes what it is sent; the first `refusals` offers are refused. */
function fakeMarketplace(refusals = 0) {
  const offers: Signed<Offer>[] = [];
  const cancellations: Signed<Cancellation>[] = [];
  const { promise: published, resolve } = Promise.withResolvers<Signed<Offer>>();
  let refused = 0;
  const client = {
    endpoint: "http://fake",
    postOffer: async (offer: Signed<Offer>) => {
      if (refused++ < refusals) throw new ProtocolError("rejected", "node-not-registered", "Not yet.");
      offers.push(offer);
      resolve(offer);
      return { id: "0x" as const, offer, receivedAt: 0 };
    },
    cancel: async (cancellation: Signed<Cancellation>) => {
      cancellations.push(cancellation);
      return true;
    },
  } as unknown as MarketplaceClient;
  return { client, offers, cancellations, published };
}

function desk(marketplaces: readonly MarketplaceClient[], change: Partial<OfferParts> = {}): OfferDesk {
  let sequence = 0n;
  return new OfferDesk({
    signer: { address: key.address, signTypedData: (data) => key.signTypedData(data) },
    domain: DOMAIN,
    terms: {
      node: key.address,
      owner: OWNER,
      endpoint: "http://127.0.0.1:1",
      runtime: "fake-runtime",
      isolation: "process",
      scopes: [],
      memoryPages: 16,
      rates: RATES,
    },
    marketplaces,
    ready: async () => {},
    freeSlots: () => 2,
    nextSequence: () => ++sequence,
    now: unixNow,
    log: pino({ level: "silent" }),
    ...change,
  });
}

test("an offer is signed, published everywhere, and withdrawn at a clean stop", async () => {
  const [first, second] = [fakeMarketplace(), fakeMarketplace()];
  let offer: Signed<Offer> | undefined;
  {
    await using offers = desk([first.client, second.client]);
    assert.equal(offers.standing, null);
    offers.start();
    offer = await first.published;
    assert.deepEqual(await second.published, offer);
    assert.deepEqual(offers.standing, offer);
    await verifySignature(DOMAIN, "Offer", offer, key.address);
    assert.equal(offer.message.validUntil - offer.message.validFrom, 600);
  }
  for (const { cancellations } of [first, second]) {
    const [cancellation] = cancellations as [Signed<Cancellation>];
    await verifySignature(DOMAIN, "Cancellation", cancellation, key.address);
    assert.equal(cancellation.message.statement, signingHash(DOMAIN, "Offer", offer.message));
  }
});

test("a marketplace that refuses is asked again", async () => {
  const market = fakeMarketplace(1);
  await using offers = desk([market.client]);
  offers.start();
  assert.equal((await market.published).message.sequence, 1n);
});

test("a node that may not offer yet offers nothing, and a stop ends its waiting", async () => {
  const market = fakeMarketplace();
  const offers = desk([market.client], {
    ready: (signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  offers.start();
  await offers[Symbol.asyncDispose]();
  assert.equal(offers.standing, null);
  assert.deepEqual([market.offers, market.cancellations], [[], []]);
});

test("an offer whose time is over stands no more", async () => {
  const market = fakeMarketplace();
  const clock = { now: unixNow() };
  await using offers = desk([market.client], { now: () => clock.now });
  offers.start();
  await market.published;
  clock.now += 600;
  assert.equal(offers.standing, null);
});

test("a marketplace that hangs does not hold up a stop", async () => {
  const market = fakeMarketplace();
  const never = {
    ...market.client,
    cancel: (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  } as MarketplaceClient;
  const offers = desk([never]);
  offers.start();
  await market.published;
  await offers[Symbol.asyncDispose]();
});
