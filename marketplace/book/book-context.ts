// What every rule of the book needs.
import type { MarketEvent } from "#protocol/marketplace-api.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import type { Store } from "../store/open-store.ts";
import type { NodeRegistrations } from "./node-registrations.ts";
import type { StandingOffers } from "./standing-offers.ts";

/** Tells everyone who listens that a row is new or has changed. */
export type Publish = (kind: MarketEvent, row: unknown) => void;

export interface BookContext {
  readonly store: Store;
  readonly domain: ExchangeDomain;
  readonly registrations: NodeRegistrations;
  readonly standing: StandingOffers;
  readonly now: () => UnixSeconds;
  readonly publish: Publish;
}
