// What every part of the consumer's work is given: the chain, the store, the way to nodes, time, and the caller's wish
// to stop.
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import type { NodeClient } from "#mesh/node-client.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import type { Runtime } from "#runtime/runtime.ts";
import type { Clock } from "./clock.ts";
import type { Ledger } from "./ledger.ts";
import type { OnProgress } from "./progress.ts";
import type { ClientStore } from "./store/client-store.ts";

export interface ClientWorld {
  readonly ledger: Ledger;
  readonly store: ClientStore;
  /** A node by the endpoint in its offer. */
  readonly connectNode: (endpoint: string) => NodeClient;
  /** Where offers are found. */
  readonly marketplace?: MarketplaceClient | undefined;
  /** Offers from elsewhere; with them no marketplace is needed. */
  readonly offers?: readonly Signed<Offer>[] | undefined;
  /** Where answers are checked; without it only those of a quote are. */
  readonly checkRuntime?: Pick<Runtime, "run"> | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}
