// The rules by which an offer comes to stand, in this order: window, newest, signature, registration, room.
import { eq } from "drizzle-orm";
import { isAddressEqual } from "viem";
import { LIMITS } from "#protocol/limits.ts";
import type { OfferRow } from "#protocol/marketplace-api.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import { signingHash, verifySignature } from "#protocol/signing.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";
import type { Reader } from "../store/open-store.ts";
import { offers } from "../store/schema.ts";
import type { BookContext } from "./book-context.ts";
import { offerRecord } from "./statement-rows.ts";
import { requireWindow } from "./statement-window.ts";

/**
 * Puts `signed` into the book in place of the node's earlier offer; the same offer again answers what stands.
 * @throws `offer-expired`, `offer-window-empty`, `offer-window-too-long`, `offer-superseded`, `offer-cancelled`,
 * `signature-invalid`, `node-not-registered`, `node-of-other-owner`, `offers-full`
 */
export async function admitOffer(context: BookContext, signed: Signed<Offer>): Promise<OfferRow> {
  const { store, domain, standing, now } = context;
  const { message } = signed;
  requireWindow("offer", message, now());
  const id = signingHash(domain, "Offer", message);
  const known = standing.of(message.node);
  if (known?.id === id) return known;
  requireNewest(store.reader, signed, id);
  await verifySignature(domain, "Offer", signed, message.node);
  await requireOwner(context, message);

  const receivedAt = now();
  const row: OfferRow = { id, offer: signed, receivedAt };
  store.write((writer) => {
    // Once more: another offer of the node may have come in while the chain was asked.
    requireNewest(writer, signed, id);
    requireRoom(context, message);
    const record = offerRecord(row, receivedAt + LIMITS.statementSecondsMax);
    writer.insert(offers).values(record).onConflictDoUpdate({ target: offers.node, set: record }).run();
  });
  standing.set(row);
  return row;
}

function requireNewest(reader: Reader, { message }: Signed<Offer>, id: string): void {
  const known = reader.select().from(offers).where(eq(offers.node, message.node)).get();
  if (!known) return;
  if (known.id === id && known.cancelled) {
    throw new ProtocolError("conflict", "offer-cancelled", `The offer ${id} was cancelled by its node.`, {
      hint: "Sign a new offer with a higher sequence.",
      context: { offer: id },
    });
  }
  if (known.id !== id && message.sequence <= known.sequence) {
    throw new ProtocolError(
      "conflict",
      "offer-superseded",
      `The offer has sequence ${message.sequence}; the node has already signed ${known.sequence}.`,
      {
        hint: "Sign with a higher sequence.",
        context: { node: message.node, sequence: message.sequence, newest: known.sequence },
      },
    );
  }
}

async function requireOwner({ registrations }: BookContext, { node, owner }: Offer): Promise<void> {
  const registered = await registrations.ownerOf(node);
  if (registered === undefined) {
    throw new ProtocolError("rejected", "node-not-registered", `The node ${node} is not registered on the exchange.`, {
      hint: "Register the node, wait for the transaction, and post the offer again.",
      context: { node },
      retryable: true,
    });
  }
  if (!isAddressEqual(registered, owner)) {
    throw new ProtocolError(
      "rejected",
      "node-of-other-owner",
      `The offer names the owner ${owner}, the node belongs to ${registered}.`,
      { hint: "Name the account that registered the node.", context: { node, owner, registered } },
    );
  }
}

function requireRoom({ standing, now }: BookContext, { node }: Offer): void {
  if (standing.size < MARKETPLACE_LIMITS.offers || standing.of(node)) return;
  standing.takeExpired(now());
  if (standing.size < MARKETPLACE_LIMITS.offers) return;
  throw new ProtocolError("busy", "offers-full", `The book holds ${standing.size} offers, which is all it takes.`, {
    hint: "Post to another marketplace, or later.",
    context: { limit: MARKETPLACE_LIMITS.offers },
  });
}
