// Decides what a marketplace and its callers say to each other, as schemas. It never holds funds or keys: everything here
// is either signed by its author or read from the chain.
import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { REFUSALS } from "./matching.ts";
import * as wire from "./wire.ts";

/** A list with `next`, the cursor of the following page; null at the end. */
function page<Row extends z.ZodType>(row: Row) {
  return z.strictObject({ rows: z.array(row).max(LIMITS.pageRows), next: z.string().nullable() });
}

/** GET /v1/market */
export const marketInfo = z.strictObject({
  version: z.string(),
  chainId: z.number().int(),
  exchange: wire.address,
  token: wire.address,
  /** Last block in the index; null before the first. */
  block: z.number().int().nullable(),
  counts: z.strictObject({
    nodes: z.number().int(),
    offers: z.number().int(),
    bids: z.number().int(),
    leases: z.number().int(),
    jobs: z.number().int(),
  }),
  /** Sum of everything paid to nodes, base units. */
  paid: wire.amount,
});
export type MarketInfo = z.output<typeof marketInfo>;

/** POST /v1/offers takes a signed offer; GET /v1/offers lists those that stand. */
export const offerRow = z.strictObject({
  id: wire.bytes32,
  offer: wire.signed(wire.offer),
  receivedAt: z.number().int(),
});
export const offerPage = page(offerRow);
export type OfferRow = z.output<typeof offerRow>;

export const match = z.strictObject({
  committee: z.array(wire.signed(wire.offer)),
  refusals: z.array(z.strictObject({ node: wire.address, reason: z.enum(REFUSALS), detail: z.string() })),
  expectedCost: wire.amount,
  failure: z.strictObject({ code: z.string(), detail: z.string() }).optional(),
});
export type MatchAnswer = z.output<typeof match>;

/** POST /v1/bids takes a signed bid and answers this; GET /v1/bids lists those that stand. */
export const bidRow = z.strictObject({
  id: wire.bytes32,
  bid: wire.signed(wire.bid),
  receivedAt: z.number().int(),
  match,
});
export const bidPage = page(bidRow);
export type BidRow = z.output<typeof bidRow>;

/** POST /v1/bids/{bid}/match */
export const matchRequest = z.strictObject({ banned: z.array(wire.address).max(LIMITS.matchBanned) });

/** POST /v1/cancellations answers whether a statement stood. */
export const cancelled = z.strictObject({ cancelled: z.boolean() });

/** GET /v1/nodes: every registered node with its present offer and what it has earned. */
export const nodeRow = z.strictObject({
  node: wire.address,
  owner: wire.address,
  stake: wire.amount,
  /** Paid to the node so far, base units. */
  earned: wire.amount,
  /** Orders for which it was paid one by one; how many a voucher paid for is not on the chain. */
  jobs: z.number().int(),
  offer: wire.signed(wire.offer).nullable(),
});
export const nodePage = page(nodeRow);
export type NodeRow = z.output<typeof nodeRow>;

/** GET /v1/leases/{lease} */
export const leaseRow = z.strictObject({
  lease: wire.bytes32,
  consumer: wire.address,
  nodes: z.array(wire.address),
  funded: wire.amount,
  spent: wire.amount,
  expiry: z.number().int(),
  closed: z.boolean(),
});
export const leasePage = page(leaseRow);
export type LeaseRow = z.output<typeof leaseRow>;

/** GET /v1/jobs and /v1/jobs/{order}: orders that the chain has settled. */
export const jobRow = z.strictObject({
  order: wire.bytes32,
  lease: wire.bytes32,
  consumer: wire.address,
  resultHash: wire.bytes32,
  paid: z.array(z.strictObject({ node: wire.address, owner: wire.address, amount: wire.amount })),
  total: wire.amount,
  transaction: wire.bytes32,
  block: z.number().int(),
  time: z.number().int(),
});
export const jobPage = page(jobRow);
export type JobRow = z.output<typeof jobRow>;

/** GET /v1/earnings?owner=0x… */
export const earnings = z.strictObject({
  owner: wire.address,
  earned: wire.amount,
  nodes: z.array(z.strictObject({ node: wire.address, earned: wire.amount, jobs: z.number().int() })),
  /** Newest first. */
  lines: z.array(
    z.strictObject({
      /** Null where a clearing of vouchers paid for many orders at once. */
      order: wire.bytes32.nullable(),
      node: wire.address,
      amount: wire.amount,
      transaction: wire.bytes32,
      block: z.number().int(),
      time: z.number().int(),
    }),
  ),
});
export type Earnings = z.output<typeof earnings>;

/** Kinds of GET /v1/events; each event's data is the row of its kind. */
export const MARKET_EVENTS = ["offer", "bid", "cancellation", "node", "lease", "job"] as const;
export type MarketEvent = (typeof MARKET_EVENTS)[number];
