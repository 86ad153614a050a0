// Nodes' records as a marketplace tells them. They are hearsay: protocol/reputation.ts says how far they are believed.
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import { LIMITS } from "#protocol/limits.ts";
import type { Reputation } from "#protocol/reputation.ts";
import type { NodeId } from "#protocol/units.ts";
import { CLIENT_LIMITS } from "../limits.ts";

/** Of at most CLIENT_LIMITS.nodePages pages of nodes. @throws the marketplace's refusal, `peer-unreachable` */
export async function readReputations(
  marketplace: Pick<MarketplaceClient, "nodes">,
  signal?: AbortSignal,
): Promise<ReadonlyMap<NodeId, Reputation>> {
  const told = new Map<NodeId, Reputation>();
  let cursor: string | undefined;
  for (let read = 0; read < CLIENT_LIMITS.nodePages; read++) {
    const page = await marketplace.nodes({ cursor, limit: LIMITS.pageRows, signal });
    for (const { node, reputation } of page.rows) told.set(node, reputation);
    if (page.next === null) break;
    cursor = page.next;
  }
  return told;
}
