import assert from "node:assert/strict";
import { test } from "node:test";
import { MARKETPLACE_LIMITS } from "#marketplace/limits.ts";
import { bids, nodes, offers } from "#marketplace/store/schema.ts";
import { LIMITS } from "#protocol/limits.ts";
import type { ProtocolError } from "#protocol/protocol-error.ts";
import { signingHash, signMessage } from "#protocol/signing.ts";
import { CONSUMER, DOMAIN, NODES, openTestBook, type TestBook, temporaryFolder } from "../book-fixture.ts";
import {
  addressOf,
  bidOf,
  eventually,
  keyOf,
  type MarketNode,
  offerOf,
  signedBid,
  signedOffer,
} from "../statements.ts";

const [first, second, third] = NODES as readonly [MarketNode, MarketNode, MarketNode];
const refuses = (code: string) => (error: ProtocolError) => {
  assert.equal(error.code, code, error.message);
  return true;
};

async function withBook(work: (open: TestBook, folder: string) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  using open = openTestBook(folder.path);
  await work(open, folder.path);
}

test("a newer offer replaces the node's earlier one, an older one is refused, the same again changes nothing", () =>
  withBook(async ({ book, published, domain }) => {
    const old = await signedOffer({ domain }, first);
    const young = await signedOffer({ domain }, first, { slots: 1 });
    const row = await book.postOffer(young);
    await assert.rejects(book.postOffer(old), refuses("offer-superseded"));
    assert.equal(await book.postOffer(young), row);
    await book.postOffer(await signedOffer({ domain }, first, { slots: 2 }));
    assert.equal(book.offerOf(addressOf(first.key))?.offer.message.slots, 2);
    assert.deepEqual(book.counts(), { offers: 1, bids: 0 });
    assert.deepEqual(
      published.map(({ kind }) => kind),
      ["offer", "offer"],
    );
  }));

test("of two offers of a node posted at once the newest stands", () =>
  withBook(async ({ book, domain }) => {
    const offersOfNode = await Promise.all([1, 2, 3].map((slots) => signedOffer({ domain }, first, { slots })));
    await Promise.allSettled(offersOfNode.map((offer) => book.postOffer(offer)));
    const newest = offersOfNode.map(({ message }) => message).sort((a, b) => Number(b.sequence - a.sequence))[0];
    assert.equal(book.offerOf(addressOf(first.key))?.offer.message.sequence, newest?.sequence);
  }));

test("a withdrawn or superseded offer cannot be replayed by others, not even after a restart or its end", async () => {
  using folder = temporaryFolder();
  const signed = await signedOffer({ domain: DOMAIN }, first);
  const short = await signedOffer({ domain: DOMAIN }, second, {
    sequence: 1_000n,
    validUntil: offerOf(second).validFrom + 60,
  });
  const long = await signedOffer({ domain: DOMAIN }, second, { sequence: 999n });
  {
    using open = openTestBook(folder.path);
    const { id } = await open.book.postOffer(signed);
    await open.book.postOffer(short);
    const message = { statement: id, signer: addressOf(first.key) };
    const cancellation = await signMessage(first.key, DOMAIN, "Cancellation", message);
    assert.equal(await open.book.cancel(cancellation), true);
    assert.equal(await open.book.cancel(cancellation), false);
    assert.deepEqual(open.published.at(-1), { kind: "cancellation", row: message });
  }
  using open = openTestBook(folder.path);
  await assert.rejects(open.book.postOffer(signed), refuses("offer-cancelled"));
  open.advance(120);
  await assert.rejects(open.book.postOffer(long), refuses("offer-superseded"));
});

test("only its signer withdraws a statement", () =>
  withBook(async ({ book, domain, consumer }) => {
    const { id } = await book.postBid(await signedBid({ domain, consumer }));
    const stranger = keyOf(777);
    const forged = await signMessage(stranger, DOMAIN, "Cancellation", { statement: id, signer: addressOf(stranger) });
    await assert.rejects(book.cancel(forged), refuses("not-the-signer"));
    const borrowed = { ...forged, message: { statement: id, signer: addressOf(consumer) } };
    await assert.rejects(book.cancel(borrowed), refuses("signature-invalid"));
    assert.equal(book.counts().bids, 1);
  }));

test("an offer must be its registered owner's; a node that the index has is not asked of the chain", () =>
  withBook(async ({ book, domain, store, chainReads }) => {
    const stranger = { key: keyOf(50), owner: keyOf(51) };
    await assert.rejects(book.postOffer(await signedOffer({ domain }, stranger)), refuses("node-not-registered"));
    const claimed = { key: first.key, owner: second.owner };
    await assert.rejects(book.postOffer(await signedOffer({ domain }, claimed)), refuses("node-of-other-owner"));
    assert.equal(chainReads(), 2);
    const known = { stake: 0n, earned: 0n, jobs: 0, block: 1, logIndex: 0, owner: addressOf(first.owner) };
    store.write((writer) =>
      writer
        .insert(nodes)
        .values({ node: addressOf(first.key), ...known })
        .run(),
    );
    await book.postOffer(await signedOffer({ domain }, first));
    assert.equal(chainReads(), 2);
  }));

test("a bid is answered with signed offers, the cheapest of different owners, and the reasons against the others", () =>
  withBook(async ({ book, domain, consumer }) => {
    await book.postOffer(await signedOffer({ domain }, first, { rates: { ...offerOf(first).rates, fuel: 1_000n } }));
    await book.postOffer(await signedOffer({ domain }, second, { slots: 0 }));
    await book.postOffer(await signedOffer({ domain }, third));
    const { id, match } = await book.postBid(await signedBid({ domain, consumer }));
    const chosen = match.committee.map(({ message }) => message.node).sort();
    assert.deepEqual(chosen, [addressOf(first.key), addressOf(third.key)].sort());
    assert.ok(match.committee.every(({ signature }) => signature.length === 132));
    assert.deepEqual(
      match.refusals.map(({ node, reason }) => [node, reason]),
      [[addressOf(second.key), "no-free-slot"]],
    );
    const again = book.matchAgain(id, [addressOf(first.key)]);
    assert.equal(again.failure?.code, "too-few-offers");
    assert.ok(again.refusals.some(({ reason }) => reason === "node-banned"));
    assert.throws(() => book.matchAgain(`0x${"00".repeat(32)}`, []), refuses("bid-unknown"));
  }));

test("the same bid again is one bid; a consumer's bids are limited and a withdrawn one makes room", () =>
  withBook(async ({ book, domain, consumer, published }) => {
    const signed = await signedBid({ domain, consumer });
    const { id, receivedAt } = await book.postBid(signed);
    assert.deepEqual(await book.postBid(signed).then((row) => [row.id, row.receivedAt]), [id, receivedAt]);
    assert.equal(published.length, 1);
    for (let bid = 1; bid < MARKETPLACE_LIMITS.bidsPerConsumer; bid++) {
      await book.postBid(await signedBid({ domain, consumer }));
    }
    const another = await signedBid({ domain, consumer });
    await assert.rejects(book.postBid(another), refuses("bids-of-consumer-full"));
    await book.postBid(await signedBid({ domain, consumer: keyOf(201) }));
    const message = { statement: id, signer: addressOf(consumer) };
    await book.cancel(await signMessage(consumer, DOMAIN, "Cancellation", message));
    await book.postBid(another);
    await assert.rejects(book.postBid(signed), refuses("bid-cancelled"));
    assert.throws(() => book.matchAgain(id, []), refuses("bid-cancelled"));
  }));

test("what has ended is neither listed nor matched", () =>
  withBook(async (open) => {
    const { book, domain, consumer } = open;
    await book.postOffer(await signedOffer({ domain }, first));
    await book.postBid(await signedBid({ domain, consumer }));
    open.advance(601);
    assert.deepEqual(book.listOffers({}).rows, []);
    assert.deepEqual((await book.listBids({})).rows, []);
    await assert.rejects(book.postBid(await signedBid({ domain, consumer })), refuses("bid-expired"));
  }));

test("the sweep removes what has ended, and remembers the sequence of an offer", () =>
  withBook(async ({ book, domain, consumer, store, published, now }) => {
    const soon = { validUntil: now() + 2 };
    await book.postOffer(await signedOffer({ domain }, first, soon));
    await book.postBid(await signedBid({ domain, consumer }, soon));
    await book.postOffer(await signedOffer({ domain }, second));
    const ended = await eventually(
      async () => published.filter(({ kind }) => kind === "ended"),
      (found) => found.length > 0,
    );
    assert.deepEqual(ended, [{ kind: "ended", row: addressOf(first.key) }]);
    assert.equal(store.reader.select().from(bids).all().length, 0);
    assert.equal(store.reader.select().from(offers).all().length, 2);
    assert.equal(book.counts().offers, 1);
  }));

test("listings go page by page without gap or repetition, in a book that changes meanwhile", () =>
  withBook(async ({ book, domain, consumer }) => {
    for (const node of NODES) await book.postOffer(await signedOffer({ domain }, node));
    for (let bid = 0; bid < 5; bid++) await book.postBid(await signedBid({ domain, consumer }));
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = book.listOffers({ limit: 2, cursor });
      listed.push(...page.rows.map(({ offer }) => offer.message.node));
      if (cursor === undefined) await book.postOffer(await signedOffer({ domain }, first));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(listed, NODES.map(({ key }) => addressOf(key)).sort());

    const before = await book.listBids({ limit: 2 });
    await book.postBid(await signedBid({ domain, consumer }));
    const after = await book.listBids({ limit: 100, cursor: before.next ?? undefined });
    const ids = [...before.rows, ...after.rows].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.length >= 5);
    assert.equal((await book.listBids({ limit: 0 })).rows.length, 1);
    assert.throws(() => book.listOffers({ cursor: "'; drop table offers" }), refuses("cursor-malformed"));
  }));

test("statements outlive a restart and keep their ids", async () => {
  using folder = temporaryFolder();
  const offer = await signedOffer({ domain: DOMAIN }, first);
  const bid = await signMessage(CONSUMER, DOMAIN, "Bid", bidOf(CONSUMER, { replicas: 1 }));
  {
    using open = openTestBook(folder.path);
    await open.book.postOffer(offer);
    await open.book.postBid(bid);
  }
  using open = openTestBook(folder.path);
  assert.deepEqual(open.book.listOffers({}).rows[0]?.offer, offer);
  const [row] = (await open.book.listBids({})).rows;
  assert.equal(row?.id, signingHash(DOMAIN, "Bid", bid.message));
  assert.equal(row?.match.committee[0]?.signature, offer.signature);
});

test("a node that the chain has taken back loses its offer", () =>
  withBook(async ({ book, domain }) => {
    await book.postOffer(await signedOffer({ domain }, first));
    book.forgetNodes([addressOf(first.key)]);
    assert.equal(book.offerOf(addressOf(first.key)), undefined);
    await book.postOffer(await signedOffer({ domain }, first));
    assert.equal(book.counts().offers, 1);
  }));

test("a statement is not taken for longer than it may stand", () =>
  withBook(async (open) => {
    const validUntil = open.now() + LIMITS.statementSecondsMax + 60;
    await assert.rejects(
      open.book.postOffer(await signedOffer(open, first, { validUntil })),
      refuses("offer-window-too-long"),
    );
    await assert.rejects(open.book.postBid(await signedBid(open, { validUntil })), refuses("bid-window-too-long"));
  }));
