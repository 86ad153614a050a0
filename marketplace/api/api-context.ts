// What the routes need.
import type { Address } from "viem";
import type { NodeRow } from "#protocol/marketplace-api.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import type { Book } from "../book/open-book.ts";
import { findNode, type IndexedNode } from "../index/read-nodes.ts";
import type { StakeTerms } from "../index/read-profit-share.ts";
import type { Reader } from "../store/open-store.ts";
import type { EventHub } from "./event-stream.ts";

export interface ApiContext {
  readonly version: string;
  readonly domain: ExchangeDomain;
  readonly token: Address;
  readonly stakeTerms: StakeTerms;
  readonly reader: Reader;
  readonly book: Book;
  readonly events: EventHub;
  readonly now: () => UnixSeconds;
}

/** An indexed node with the offer that stands for it. */
export function withOffer({ book, now }: Pick<ApiContext, "book" | "now">, node: IndexedNode): NodeRow {
  const offer = book.offerOf(node.node)?.offer;
  return { ...node, offer: offer && offer.message.validUntil > now() ? offer : null };
}

/** The row of `node`; undefined when the index has not seen it. */
export function nodeRow(context: Pick<ApiContext, "book" | "now" | "reader">, node: NodeId): NodeRow | undefined {
  const indexed = findNode(context.reader, node);
  return indexed && withOffer(context, indexed);
}
