import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { LocalAccount } from "viem";
import type { OrderParts } from "#node/orders/order-parts.ts";
import { PeerBook } from "#node/rescue/peer-book.ts";
import type { StoreReader } from "#node/store/store-reader.ts";
import { LIMITS } from "#protocol/limits.ts";
import type { OfferRow } from "#protocol/marketplace-api.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import { signMessage } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { DOMAIN, makeOrder, newKey, OWNER, RATES, type TestOrder } from "../order-fixture.ts";

const keys = [newKey(), newKey(), newKey()] as const;
const idOf = ({ address }: LocalAccount) => address.toLowerCase() as NodeId;
const [self, second, third] = [idOf(keys[0]), idOf(keys[1]), idOf(keys[2])];
const stop = new AbortController();
let order: TestOrder;
let now = 1_000;

before(async () => {
  order = await makeOrder({ nodes: keys.map(idOf) });
});
after(() => stop.abort());

function offer(node: NodeId, endpoint: string, by: LocalAccount): Promise<Signed<Offer>> {
  const can = { runtime: "r", isolation: "process", scopes: [], slots: 1, memoryPages: 1, rates: RATES } as const;
  const message = { node, owner: OWNER as NodeId, endpoint, ...can, sequence: 1n, validFrom: 0, validUntil: 9 };
  return signMessage(by, DOMAIN, "Offer", message);
}

/** A book of the first node, whose store holds the order with these offers beside it. */
function bookOf(named: readonly Signed<Offer>[], markets: ConstructorParameters<typeof PeerBook>[1] = []): PeerBook {
  const submission = { ...order.submission, offers: named };
  const reader = { work: () => ({ submission }), voucher: () => undefined } as unknown as StoreReader;
  const log = { warn: () => {} } as unknown as OrderParts["log"];
  return new PeerBook({ reader, log, node: self, domain: DOMAIN, now: () => now }, markets);
}

const endpointsOf = async (book: PeerBook) => [...(await book.endpoints(order.lease, order.id, stop.signal))].sort();

test("nobody but a node itself says where it is", async () => {
  const book = bookOf([
    await offer(second, "http://there", keys[1]),
    await offer(third, "http://elsewhere", keys[1]),
    await offer(idOf(newKey()), "http://stranger", keys[1]),
    await offer(self, "http://here", keys[0]),
  ]);
  assert.deepEqual(await endpointsOf(book), [[second, "http://there"]]);
});

test("who was not named is looked for on the marketplaces, a few pages deep and seldom", async () => {
  const right = await offer(third, "http://there", keys[2]);
  const false_ = await offer(second, "http://elsewhere", keys[2]);
  let pages = 0;
  const rowOf = (signed: Signed<Offer>): OfferRow => ({ id: order.id, offer: signed, receivedAt: 1 });
  const endless = {
    offers: ({ limit }: { limit?: number | undefined } = {}) => {
      assert.ok((limit ?? 0) <= LIMITS.pageRows);
      pages++;
      const rows = pages === 2 ? [rowOf(right), rowOf(false_)] : [];
      return Promise.resolve({ rows, next: "more" });
    },
  };
  const down = { offers: () => Promise.reject(new Error("it is down")) };
  const book = bookOf([], [down, endless]);
  assert.deepEqual(await endpointsOf(book), [[third, "http://there"]]);
  const read = pages;
  assert.ok(read < 20, `${read} pages`);
  assert.deepEqual(await endpointsOf(book), [[third, "http://there"]]);
  assert.equal(pages, read);
  now += 61;
  await endpointsOf(book);
  assert.equal(pages, 2 * read);
});
