// The offers that stand, in memory: matching looks at all of them for every bid. The database holds the same.
import { eq } from "drizzle-orm";
import type { OfferRow } from "#protocol/marketplace-api.ts";
import { compareNodes } from "#protocol/order.ts";
import type { Offer } from "#protocol/signed-messages.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import type { Reader } from "../store/open-store.ts";
import { offers } from "../store/schema.ts";
import { offerRowOf } from "./statement-rows.ts";

export class StandingOffers {
  readonly #byNode = new Map<NodeId, OfferRow>();
  /** Made anew after a change, at the next question. */
  #sorted: readonly OfferRow[] | undefined;

  /** Fills from the database. */
  constructor(reader: Reader, now: UnixSeconds) {
    for (const record of reader.select().from(offers).where(eq(offers.cancelled, false)).all()) {
      if (record.validUntil > now) this.#byNode.set(record.node, offerRowOf(record));
    }
  }

  get size(): number {
    return this.#byNode.size;
  }

  of(node: NodeId): OfferRow | undefined {
    return this.#byNode.get(node);
  }

  set(row: OfferRow): void {
    this.#byNode.set(row.offer.message.node, row);
    this.#sorted = undefined;
  }

  delete(node: NodeId): boolean {
    this.#sorted = undefined;
    return this.#byNode.delete(node);
  }

  /** Ascending by node. */
  all(): readonly OfferRow[] {
    this.#sorted ??= [...this.#byNode.values()].sort((a, b) =>
      compareNodes(a.offer.message.node, b.offer.message.node),
    );
    return this.#sorted;
  }

  /** When the next of them ends. */
  firstEnd(): UnixSeconds | undefined {
    let first: UnixSeconds | undefined;
    for (const { offer } of this.#byNode.values()) {
      const { validUntil } = offer.message;
      if (first === undefined || validUntil < first) first = validUntil;
    }
    return first;
  }

  /** Takes out what has ended and answers it. */
  takeExpired(now: UnixSeconds): readonly Offer[] {
    const expired = this.all().flatMap(({ offer }) => (offer.message.validUntil <= now ? [offer.message] : []));
    for (const { node } of expired) this.delete(node);
    return expired;
  }
}
