// Where the other nodes of a committee are. Only what a node signed itself counts, whoever hands it over: nobody else can
// name a URL that this node will call.
import type { Hex } from "viem";
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import { LIMITS } from "#protocol/limits.ts";
import { compareNodes, hasSeat } from "#protocol/order.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import { verifySignature } from "#protocol/signing.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { OrderParts } from "../orders/order-parts.ts";

type BookParts = Pick<OrderParts, "reader" | "node" | "domain" | "log" | "now">;

export class PeerBook {
  readonly #parts: BookParts;
  readonly #markets: readonly Pick<MarketplaceClient, "offers">[];
  /** What marketplaces listed last, by node. */
  #listed: ReadonlyMap<NodeId, Signed<Offer>> = new Map();
  #listedAt: UnixSeconds = Number.NEGATIVE_INFINITY;

  /** @param markets are asked for who was not named beside an order or a voucher */
  constructor(parts: BookParts, markets: readonly Pick<MarketplaceClient, "offers">[]) {
    this.#parts = parts;
    this.#markets = markets;
  }

  /** Base URLs of the committee's other nodes, as far as anybody said. */
  async endpoints(lease: Hex, order: Hex, signal: AbortSignal): Promise<ReadonlyMap<NodeId, string>> {
    const { reader, node } = this.#parts;
    const submission = reader.work(order)?.submission;
    const others = submission?.lease.nodes.filter((each) => compareNodes(each, node) !== 0) ?? [];
    const found = new Map<NodeId, string>();
    for (const offer of submission?.offers ?? []) await this.#note(found, others, offer);
    for (const peer of reader.voucher(lease)?.peers ?? []) {
      if (hasSeat(others, peer.node)) found.set(peer.node, peer.endpoint);
    }
    const unknown = others.filter((each) => !found.has(each));
    if (unknown.length === 0) return found;
    await this.#list(signal);
    for (const each of unknown) {
      const offer = this.#listed.get(each);
      if (offer) await this.#note(found, unknown, offer);
    }
    return found;
  }

  /** Base URLs of any nodes, as far as marketplaces list them: a jury is named by nobody else. */
  async locate(nodes: readonly NodeId[], signal: AbortSignal): Promise<ReadonlyMap<NodeId, string>> {
    const found = new Map<NodeId, string>();
    await this.#list(signal);
    for (const node of nodes) {
      const offer = this.#listed.get(node);
      if (offer) await this.#note(found, nodes, offer);
    }
    return found;
  }

  async #note(found: Map<NodeId, string>, wanted: readonly NodeId[], offer: Signed<Offer>): Promise<void> {
    const { node, endpoint } = offer.message;
    if (!hasSeat(wanted, node)) return;
    try {
      await verifySignature(this.#parts.domain, "Offer", offer, node);
      found.set(node, endpoint);
    } catch (error) {
      this.#parts.log.warn({ node, err: error }, "an offer says falsely where a node is");
    }
  }

  /** Reads a few pages of each marketplace, seldom. One that does not answer names nobody. */
  async #list(signal: AbortSignal): Promise<void> {
    const now = this.#parts.now();
    if (now - this.#listedAt < NODE_LIMITS.peerListSeconds) return;
    this.#listedAt = now;
    const listed = new Map<NodeId, Signed<Offer>>();
    for (const market of this.#markets) {
      let cursor: string | undefined;
      for (let page = 0; page < NODE_LIMITS.peerListPages; page++) {
        const answer = await market.offers({ cursor, limit: LIMITS.pageRows, signal }).catch(() => undefined);
        for (const { offer } of answer?.rows ?? []) listed.set(offer.message.node, offer);
        if (answer?.next == null) break;
        cursor = answer.next;
      }
    }
    this.#listed = listed;
  }
}
