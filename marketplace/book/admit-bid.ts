// The rules by which a bid comes to stand, in this order: window, known, signature, room.
import { and, count, eq, gt } from "drizzle-orm";
import type { Hex } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Bid, Signed } from "#protocol/signed-messages.ts";
import { signingHash, verifySignature } from "#protocol/signing.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";
import type { Reader } from "../store/open-store.ts";
import { bids } from "../store/schema.ts";
import type { BookContext } from "./book-context.ts";
import { bidRecord, type StandingBid, standingBidOf } from "./statement-rows.ts";
import { requireWindow } from "./statement-window.ts";

/**
 * Puts `signed` into the book; the same bid again answers what stands.
 * @throws `bid-expired`, `bid-window-empty`, `bid-window-too-long`, `bid-cancelled`, `signature-invalid`, `bids-full`,
 * `bids-of-consumer-full`
 */
export async function admitBid(context: BookContext, signed: Signed<Bid>): Promise<StandingBid & { fresh: boolean }> {
  const { store, domain, now } = context;
  const { message } = signed;
  requireWindow("bid", message, now());
  const id = signingHash(domain, "Bid", message);
  const known = findBid(store.reader, id);
  if (known) return { ...known, fresh: false };
  await verifySignature(domain, "Bid", signed, message.consumer);

  return store.write((writer) => {
    const arrivedMeanwhile = findBid(writer, id);
    if (arrivedMeanwhile) return { ...arrivedMeanwhile, fresh: false };
    requireRoom(writer, message, now());
    const row: StandingBid = { id, bid: signed, receivedAt: now() };
    writer.insert(bids).values(bidRecord(row)).run();
    return { ...row, fresh: true };
  });
}

/** The bid `id`, also when it has ended but is not yet swept. @throws `bid-cancelled` */
export function findBid(reader: Reader, id: Hex): StandingBid | undefined {
  const record = reader.select().from(bids).where(eq(bids.id, id)).get();
  if (record?.cancelled) {
    throw new ProtocolError("conflict", "bid-cancelled", `The bid ${id} was cancelled by its consumer.`, {
      hint: "Sign a new bid.",
      context: { bid: id },
    });
  }
  return record && standingBidOf(record);
}

function requireRoom(reader: Reader, { consumer }: Bid, now: UnixSeconds): void {
  const all = reader.select({ bids: count() }).from(bids).where(gt(bids.validUntil, now)).get();
  if (all && all.bids >= MARKETPLACE_LIMITS.bids) {
    throw new ProtocolError("busy", "bids-full", `The book holds ${all.bids} bids, which is all it takes.`, {
      hint: "Post to another marketplace, or later.",
      context: { limit: MARKETPLACE_LIMITS.bids },
    });
  }
  const own = reader
    .select({ bids: count() })
    .from(bids)
    .where(and(eq(bids.consumer, consumer), eq(bids.cancelled, false), gt(bids.validUntil, now)))
    .get();
  if (own && own.bids >= MARKETPLACE_LIMITS.bidsPerConsumer) {
    throw new ProtocolError("busy", "bids-of-consumer-full", `${consumer} has ${own.bids} standing bids already.`, {
      hint: "Cancel one, or wait until one ends.",
      context: { consumer, limit: MARKETPLACE_LIMITS.bidsPerConsumer },
    });
  }
}
