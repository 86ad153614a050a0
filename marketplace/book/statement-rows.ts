// Signed statements to rows and back. A row is read through the same schema as a stranger's message, so a file that
// somebody edited cannot bring in what the API would refuse.
import type { Hex } from "viem";
import type { OfferRow } from "#protocol/marketplace-api.ts";
import type { Bid, Offer, Signed } from "#protocol/signed-messages.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import * as wire from "#protocol/wire.ts";
import type { bids, offers } from "../store/schema.ts";

type OfferRecord = typeof offers.$inferSelect;
type BidRecord = typeof bids.$inferSelect;

/** A bid that stands in the book, not yet matched. */
export interface StandingBid {
  readonly id: Hex;
  readonly bid: Signed<Bid>;
  readonly receivedAt: UnixSeconds;
}

export function offerRecord(row: OfferRow, rememberedUntil: UnixSeconds): OfferRecord {
  const { message, signature } = row.offer;
  return {
    node: message.node,
    id: row.id,
    sequence: message.sequence,
    validUntil: message.validUntil,
    message: wire.toWire(message),
    signature,
    receivedAt: row.receivedAt,
    rememberedUntil,
    cancelled: false,
  };
}

export function offerRowOf(record: OfferRecord): OfferRow {
  const message: Offer = wire.parseWire(wire.offer, JSON.parse(record.message), "stored offer");
  return { id: record.id, offer: { message, signature: record.signature }, receivedAt: record.receivedAt };
}

export function bidRecord({ id, bid, receivedAt }: StandingBid): BidRecord {
  const { message, signature } = bid;
  return {
    id,
    consumer: message.consumer,
    validUntil: message.validUntil,
    message: wire.toWire(message),
    signature,
    receivedAt,
    cancelled: false,
  };
}

export function standingBidOf(record: BidRecord): StandingBid {
  const message: Bid = wire.parseWire(wire.bid, JSON.parse(record.message), "stored bid");
  return { id: record.id, bid: { message, signature: record.signature }, receivedAt: record.receivedAt };
}
