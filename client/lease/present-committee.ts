// Where the nodes of a rented lease are now, and what they ask.
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import type { ClientWorld } from "../client-world.ts";
import { gatherOffers, newestOffers } from "../committee/gather-offers.ts";
import type { LeaseRecord } from "../store/lease-record.ts";

/** The newest offer of each node that is known, in the committee's order. @throws when the marketplace does not answer */
export async function presentCommittee(
  world: Pick<ClientWorld, "marketplace" | "offers" | "signal">,
  rented: Pick<LeaseRecord, "terms" | "committee">,
): Promise<readonly Signed<Offer>[]> {
  const known = new Set(rented.terms.nodes);
  const { marketplace, offers, signal } = world;
  const standing = offers ?? (marketplace ? await gatherOffers(marketplace, signal) : []);
  const present = standing.filter(({ message }) => known.has(message.node));
  const newest = newestOffers([...rented.committee, ...present]);
  return rented.terms.nodes.flatMap((node) => newest.find(({ message }) => message.node === node) ?? []);
}
