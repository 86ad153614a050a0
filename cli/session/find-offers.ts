// Where a command finds offers: the nodes that it names, or the marketplace. With nodes named no marketplace is needed.
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import { httpNodeClient } from "#mesh/node-client.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import type { Settings } from "../settings/settings.ts";
import { openMarketplace } from "./open-session.ts";

export interface OfferSource {
  readonly marketplace?: MarketplaceClient;
  readonly offers?: readonly Signed<Offer>[];
}

/** @throws `marketplace-not-set`, `node-without-offer`, `peer-unreachable` */
export async function findOffers(
  settings: Settings,
  nodes: readonly string[],
  signal: AbortSignal,
): Promise<OfferSource> {
  if (nodes.length === 0) return { marketplace: openMarketplace(settings) };
  return { offers: await Promise.all(nodes.map((url) => offerOf(url, signal))) };
}

async function offerOf(url: string, signal: AbortSignal): Promise<Signed<Offer>> {
  const { offer } = await httpNodeClient(url).info({ signal });
  if (offer) return offer;
  throw new ProtocolError("rejected", "node-without-offer", `The node at ${url} takes no orders now.`, {
    hint: "Leave it out, or ask its owner whether it is registered.",
    context: { url },
  });
}
