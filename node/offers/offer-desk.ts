// The node's standing offer: signed, renewed before it ends, published to every marketplace, withdrawn at a clean stop.
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import { signingHash, signMessage, type TypedDataSigner } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";

/** What does not change from one offer to the next. */
export type OfferTerms = Omit<Offer, "slots" | "sequence" | "validFrom" | "validUntil">;

export interface OfferParts {
  readonly signer: TypedDataSigner;
  readonly domain: ExchangeDomain;
  readonly terms: OfferTerms;
  readonly marketplaces: readonly MarketplaceClient[];
  /** Ends when the node may offer; see `waitForRegistration`. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly freeSlots: () => number;
  /** A number above every earlier one, also across restarts. */
  readonly nextSequence: (now: UnixSeconds) => bigint;
  readonly now: () => UnixSeconds;
  readonly log: Logger;
}

export class OfferDesk implements AsyncDisposable {
  readonly #parts: OfferParts;
  readonly #stop = new AbortController();
  #publishing = new AbortController();
  #standing: Signed<Offer> | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;

  constructor(parts: OfferParts) {
    this.#parts = parts;
  }

  /** The offer that stands now; null while the node takes no orders. */
  get standing(): Signed<Offer> | null {
    const offer = this.#standing;
    return offer && offer.message.validUntil > this.#parts.now() ? offer : null;
  }

  /** Offers as soon as the node may. A node that may never offer goes on without. */
  start(): void {
    const { log, ready } = this.#parts;
    ready(this.#stop.signal)
      .then(() => this.#issue())
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) log.error({ err: error }, "the node makes no offer");
      });
  }

  /** Says so when the node has become full or free, unless it was only for a moment. */
  slotsChanged(): void {
    if (!this.#standing || this.#settling || this.#stop.signal.aborted) return;
    const check = () => {
      this.#settling = undefined;
      if (!this.#standing || this.#standing.message.slots > 0 === this.#parts.freeSlots() > 0) return;
      this.#issueAgain();
    };
    this.#settling = setTimeout(check, NODE_LIMITS.offerSettleMillis).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("The node is stopping."));
    this.#publishing.abort(new Error("The node is stopping."));
    clearTimeout(this.#renewal);
    clearTimeout(this.#settling);
    const offer = this.#standing;
    this.#standing = undefined;
    if (offer) await this.#withdraw(offer);
  }

  async #issue(): Promise<void> {
    const { domain, signer, now, nextSequence, freeSlots, terms } = this.#parts;
    const validFrom = now();
    const message = {
      ...terms,
      slots: freeSlots(),
      sequence: nextSequence(validFrom),
      validFrom,
      validUntil: validFrom + NODE_LIMITS.offerSeconds,
    };
    const offer = await signMessage(signer, domain, "Offer", message);
    if (this.#stop.signal.aborted) return;
    this.#standing = offer;
    this.#publishing.abort(new Error("A newer offer stands."));
    this.#publishing = new AbortController();
    for (const marketplace of this.#parts.marketplaces) {
      void this.#publish(marketplace, offer, this.#publishing.signal);
    }
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => this.#issueAgain(), (NODE_LIMITS.offerSeconds * 1_000) / 2).unref();
  }

  #issueAgain(): void {
    this.#issue().catch((error: unknown) => this.#parts.log.error({ err: error }, "the offer could not be renewed"));
  }

  /** Tries until it succeeds or a newer offer stands; a marketplace may not have seen the registration yet. */
  async #publish(marketplace: MarketplaceClient, offer: Signed<Offer>, signal: AbortSignal): Promise<void> {
    const { log } = this.#parts;
    const { endpoint } = marketplace;
    for (let wait: number = NODE_LIMITS.retryMillisMin; ; wait = Math.min(wait * 2, NODE_LIMITS.retryMillisMax)) {
      try {
        await marketplace.postOffer(offer, { signal });
        log.debug({ marketplace: endpoint, sequence: offer.message.sequence.toString() }, "offer published");
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (wait === NODE_LIMITS.retryMillisMin) log.warn({ marketplace: endpoint, err: error }, "offer not published");
      }
      // Spread, so that many nodes do not come back at the same moment.
      const spread = wait * (0.75 + Math.random() / 2);
      if (await sleep(spread, false, { signal, ref: false }).catch(() => true)) return;
    }
  }

  async #withdraw(offer: Signed<Offer>): Promise<void> {
    const { domain, signer, log, marketplaces } = this.#parts;
    const message = { statement: signingHash(domain, "Offer", offer.message), signer: offer.message.node };
    const cancellation = await signMessage(signer, domain, "Cancellation", message);
    const signal = AbortSignal.timeout(NODE_LIMITS.withdrawMillis);
    const sent = await Promise.allSettled(marketplaces.map((market) => market.cancel(cancellation, { signal })));
    for (const result of sent) {
      if (result.status === "rejected") log.info({ err: result.reason }, "offer not withdrawn; it ends by itself");
    }
  }
}
