// The order book: what stands, how it is listed and matched, and how it ends.
import { setImmediate } from "node:timers/promises";
import { and, count, desc, eq, gt, lt, lte, min, or } from "drizzle-orm";
import type { Hex } from "viem";
import type { BidRow, MatchAnswer, OfferRow } from "#protocol/marketplace-api.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Bid, Cancellation, Offer, Signed } from "#protocol/signed-messages.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";
import { cursorParts, type Page, type PageRequest, pageOf, pageRows } from "../store/page.ts";
import { bids, offers } from "../store/schema.ts";
import { admitBid, findBid } from "./admit-bid.ts";
import { admitOffer } from "./admit-offer.ts";
import type { BookContext } from "./book-context.ts";
import { cancelStatement } from "./cancel-statement.ts";
import { expiryTimer } from "./expiry-timer.ts";
import { answerMatch } from "./match-answer.ts";
import { StandingOffers } from "./standing-offers.ts";
import { type StandingBid, standingBidOf } from "./statement-rows.ts";

export interface Book extends Disposable {
  /** As `admitOffer`. */
  postOffer(signed: Signed<Offer>): Promise<OfferRow>;
  /** As `admitBid`, with the committee that serves it now. */
  postBid(signed: Signed<Bid>): Promise<BidRow>;
  /** @throws `bid-unknown`, `bid-cancelled` */
  matchAgain(bid: Hex, banned: readonly NodeId[]): MatchAnswer;
  /** As `cancelStatement`. */
  cancel(signed: Signed<Cancellation>): Promise<boolean>;
  offerOf(node: NodeId): OfferRow | undefined;
  /** By node. */
  listOffers(request: PageRequest): Page<OfferRow>;
  /** Newest first, each matched now, with room for other requests between two of them. */
  listBids(request: PageRequest): Promise<Page<BidRow>>;
  counts(): { readonly offers: number; readonly bids: number };
  /** Forgets the offers of nodes whose registration the chain has taken back. */
  forgetNodes(nodes: readonly NodeId[]): void;
}

export interface BookOptions extends Omit<BookContext, "standing"> {
  /** An offer has reached its end. */
  readonly offerEnded: (node: NodeId) => void;
}

export function openBook({ offerEnded, ...options }: BookOptions): Book {
  const { store, now, publish } = options;
  const standing = new StandingOffers(store.reader, now());
  const context: BookContext = { ...options, standing };
  const match = (bid: Bid, banned: readonly NodeId[] = []) =>
    answerMatch(bid, standing.all(), { now: now(), banned: new Set(banned) });
  const matched = ({ id, bid, receivedAt }: StandingBid): BidRow => ({
    id,
    bid,
    receivedAt,
    match: match(bid.message),
  });
  const timer = expiryTimer({
    now,
    nextEnd: () => nextEnd(context),
    sweep: () => {
      for (const { node } of sweep(context)) offerEnded(node);
    },
  });
  return {
    postOffer: async (signed) => {
      const before = standing.of(signed.message.node);
      const row = await admitOffer(context, signed);
      timer.plan();
      if (row !== before) publish("offer", row);
      return row;
    },
    postBid: async (signed) => {
      const { fresh, ...bid } = await admitBid(context, signed);
      timer.plan();
      const row = matched(bid);
      if (fresh) publish("bid", row);
      return row;
    },
    matchAgain: (id, banned) => match(requireBid(context, id).bid.message, banned),
    cancel: async (signed) => {
      const stood = await cancelStatement(context, signed);
      if (stood) publish("cancellation", signed.message);
      return stood;
    },
    offerOf: (node) => standing.of(node),
    listOffers: (request) => listOffers(context, request),
    listBids: async (request) => {
      const { rows, next } = listBids(context, request);
      const shown: BidRow[] = [];
      for (const row of rows) {
        shown.push(matched(row));
        await setImmediate();
      }
      return { rows: shown, next };
    },
    counts: () => ({ offers: standing.size, bids: countBids(context) }),
    forgetNodes: (nodes) => {
      if (nodes.length === 0) return;
      store.write((writer) => {
        for (const node of nodes) writer.delete(offers).where(eq(offers.node, node)).run();
      });
      for (const node of nodes) standing.delete(node);
    },
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}

function requireBid({ store }: BookContext, id: Hex): StandingBid {
  const bid = findBid(store.reader, id);
  if (bid) return bid;
  throw new ProtocolError("not-found", "bid-unknown", `No bid ${id} stands here.`, {
    hint: "It may have ended. Sign a new bid and post it.",
    context: { bid: id },
  });
}

function standingBids(now: UnixSeconds) {
  return and(eq(bids.cancelled, false), gt(bids.validUntil, now));
}

function countBids({ store, now }: BookContext): number {
  return store.reader.select({ bids: count() }).from(bids).where(standingBids(now())).get()?.bids ?? 0;
}

function listOffers({ standing, now }: BookContext, request: PageRequest): Page<OfferRow> {
  const rows = pageRows(request);
  const after = request.cursor === undefined ? "" : (cursorParts(request.cursor, /^(0x[0-9a-f]{40})$/)[0] ?? "");
  const at = now();
  const found: OfferRow[] = [];
  for (const row of standing.all()) {
    const { node, validUntil } = row.offer.message;
    if (node > after && validUntil > at && found.push(row) > rows) break;
  }
  return pageOf(
    found,
    rows,
    (row) => [row.offer.message.node],
    (row) => row,
  );
}

function listBids({ store, now }: BookContext, request: PageRequest): Page<StandingBid> {
  const rows = pageRows(request, MARKETPLACE_LIMITS.bidPageRows);
  let older: ReturnType<typeof or>;
  if (request.cursor !== undefined) {
    const [time, id] = cursorParts(request.cursor, /^(\d{1,12})\.(0x[0-9a-f]{64})$/);
    older = or(
      lt(bids.receivedAt, Number(time)),
      and(eq(bids.receivedAt, Number(time)), lt(bids.id, (id ?? "0x") as Hex)),
    );
  }
  const found = store.reader
    .select()
    .from(bids)
    .where(and(standingBids(now()), older))
    .orderBy(desc(bids.receivedAt), desc(bids.id))
    .limit(rows + 1)
    .all();
  return pageOf(found, rows, (row) => [row.receivedAt, row.id], standingBidOf);
}

/** When the next row of the book is to be swept. */
function nextEnd({ store, standing }: BookContext): UnixSeconds | undefined {
  const bid = store.reader
    .select({ end: min(bids.validUntil) })
    .from(bids)
    .get()?.end;
  const memory = store.reader
    .select({ end: min(offers.rememberedUntil) })
    .from(offers)
    .get()?.end;
  const ends = [bid, memory, standing.firstEnd()].filter((end) => typeof end === "number");
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Removes what has ended; answers the offers that no longer stand. */
function sweep({ store, standing, now }: BookContext): readonly Offer[] {
  const at = now();
  store.write((writer) => {
    writer.delete(bids).where(lte(bids.validUntil, at)).run();
    writer.delete(offers).where(lte(offers.rememberedUntil, at)).run();
  });
  return standing.takeExpired(at);
}
