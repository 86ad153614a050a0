// Offers from a marketplace. Nothing of it is believed here: signatures, registrations and the match are checked later.
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import type { NodeId } from "#protocol/units.ts";
import { CLIENT_LIMITS } from "../limits.ts";

/** All standing offers, at most CLIENT_LIMITS.offerPages pages. @throws the marketplace's refusal, `peer-unreachable` */
export async function gatherOffers(
  marketplace: Pick<MarketplaceClient, "offers">,
  signal?: AbortSignal,
): Promise<readonly Signed<Offer>[]> {
  const offers: Signed<Offer>[] = [];
  let cursor: string | undefined;
  for (let read = 0; read < CLIENT_LIMITS.offerPages; read++) {
    const page = await marketplace.offers({ cursor, signal });
    offers.push(...page.rows.map((row) => row.offer));
    if (page.next === null) break;
    cursor = page.next;
  }
  return newestOffers(offers);
}

/** One offer a node: that of the highest sequence. */
export function newestOffers(offers: Iterable<Signed<Offer>>): readonly Signed<Offer>[] {
  const newest = new Map<NodeId, Signed<Offer>>();
  for (const offer of offers) {
    const known = newest.get(offer.message.node);
    if (!known || known.message.sequence < offer.message.sequence) newest.set(offer.message.node, offer);
  }
  return [...newest.values()];
}
