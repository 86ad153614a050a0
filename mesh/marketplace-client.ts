// How one reaches a marketplace. It is a convenience: offers may come from anywhere, and nothing here is trusted but
// signatures.
import type { Address, Hex } from "viem";
import * as api from "#protocol/marketplace-api.ts";
import type { Bid, Cancellation, Offer, Signed } from "#protocol/signed-messages.ts";
import type { NodeId } from "#protocol/units.ts";
import { parseWire } from "#protocol/wire.ts";
import { callJson } from "./http-call.ts";
import type { CallOptions } from "./node-client.ts";

export interface PageOptions extends CallOptions {
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

export interface JobFilter extends PageOptions {
  readonly consumer?: Address | undefined;
  readonly owner?: Address | undefined;
}

/** One page of a listing. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

/** The calls that a marketplace serves. Every one throws its refusal or `peer-unreachable`, `peer-timeout`. */
export interface MarketplaceClient {
  readonly endpoint: string;
  info(options?: CallOptions): Promise<api.MarketInfo>;
  postOffer(offer: Signed<Offer>, options?: CallOptions): Promise<api.OfferRow>;
  postBid(bid: Signed<Bid>, options?: CallOptions): Promise<api.BidRow>;
  matchAgain(bid: Hex, banned: readonly NodeId[], options?: CallOptions): Promise<api.MatchAnswer>;
  cancel(cancellation: Signed<Cancellation>, options?: CallOptions): Promise<boolean>;
  offers(options?: PageOptions): Promise<Page<api.OfferRow>>;
  bids(options?: PageOptions): Promise<Page<api.BidRow>>;
  nodes(options?: PageOptions & { readonly owner?: Address | undefined }): Promise<Page<api.NodeRow>>;
  jobs(options?: JobFilter): Promise<Page<api.JobRow>>;
  job(order: Hex, options?: CallOptions): Promise<api.JobRow>;
  earnings(owner: Address, options?: CallOptions): Promise<api.Earnings>;
}

/** A marketplace at the base URL `endpoint`. */
export function httpMarketplaceClient(endpoint: string): MarketplaceClient {
  const base = endpoint.replace(/\/+$/, "");
  const get = (path: string, signal?: AbortSignal) => callJson({ method: "GET", base, path: `/v1${path}`, signal });
  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    callJson({ method: "POST", base, path: `/v1${path}`, body, signal });
  return {
    endpoint: base,
    info: async ({ signal } = {}) => parseWire(api.marketInfo, await get("/market", signal), "market's description"),
    postOffer: async (offer, { signal } = {}) =>
      parseWire(api.offerRow, await post("/offers", offer, signal), "answer to an offer"),
    postBid: async (bid, { signal } = {}) => parseWire(api.bidRow, await post("/bids", bid, signal), "answer to a bid"),
    matchAgain: async (bid, banned, { signal } = {}) =>
      parseWire(api.match, await post(`/bids/${bid}/match`, { banned }, signal), "match"),
    cancel: async (cancellation, { signal } = {}) =>
      parseWire(api.cancelled, await post("/cancellations", cancellation, signal), "answer to a cancellation")
        .cancelled,
    offers: async ({ signal, ...page } = {}) =>
      parseWire(api.offerPage, await get(`/offers${query(page)}`, signal), "list of offers"),
    bids: async ({ signal, ...page } = {}) =>
      parseWire(api.bidPage, await get(`/bids${query(page)}`, signal), "list of bids"),
    nodes: async ({ signal, ...page } = {}) =>
      parseWire(api.nodePage, await get(`/nodes${query(page)}`, signal), "list of nodes"),
    jobs: async ({ signal, ...filter } = {}) =>
      parseWire(api.jobPage, await get(`/jobs${query(filter)}`, signal), "list of jobs"),
    job: async (order, { signal } = {}) => parseWire(api.jobRow, await get(`/jobs/${order}`, signal), "job"),
    earnings: async (owner, { signal } = {}) =>
      parseWire(api.earnings, await get(`/earnings${query({ owner })}`, signal), "earnings"),
  };
}

function query(fields: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ""
    : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)] as [string, string]))}`;
}
