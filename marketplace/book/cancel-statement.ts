// Who signed a statement may withdraw it; nobody else can.
import { eq } from "drizzle-orm";
import { type Address, isAddressEqual } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Cancellation, Signed } from "#protocol/signed-messages.ts";
import { verifySignature } from "#protocol/signing.ts";
import { bids, offers } from "../store/schema.ts";
import type { BookContext } from "./book-context.ts";

/**
 * Takes a statement out of the book and remembers that, so that nobody can post it again.
 * Answers whether it stood until now. @throws `signature-invalid`, `not-the-signer`
 */
export async function cancelStatement(context: BookContext, signed: Signed<Cancellation>): Promise<boolean> {
  const { store, domain, standing, now } = context;
  const { statement, signer } = signed.message;
  await verifySignature(domain, "Cancellation", signed, signer);
  return store.write((writer) => {
    const offer = writer.select().from(offers).where(eq(offers.id, statement)).get();
    if (offer) {
      requireSigner(signer, offer.node);
      if (offer.cancelled || offer.validUntil <= now()) return false;
      writer.update(offers).set({ cancelled: true }).where(eq(offers.id, statement)).run();
      standing.delete(offer.node);
      return true;
    }
    const bid = writer.select().from(bids).where(eq(bids.id, statement)).get();
    if (!bid) return false;
    requireSigner(signer, bid.consumer);
    if (bid.cancelled || bid.validUntil <= now()) return false;
    writer.update(bids).set({ cancelled: true }).where(eq(bids.id, statement)).run();
    return true;
  });
}

function requireSigner(signer: Address, author: Address): void {
  if (isAddressEqual(signer, author)) return;
  throw new ProtocolError(
    "unauthorized",
    "not-the-signer",
    `The statement was signed by ${author}, not by ${signer}.`,
    {
      hint: "Cancel with the key that signed the statement.",
      context: { signer, author },
    },
  );
}
