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
    /** Orders that were paid, whichever way. */
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

/** A node's record in drawn leases, as protocol/reputation.ts counts it. */
export const reputation = z.strictObject({
  inARow: z.number().int().min(0),
  valid: z.number().int().min(0),
  invalid: z.number().int().min(0),
});

/** GET /v1/nodes: every registered node with its present offer, what it has earned and how reliable it was. */
export const nodeRow = z.strictObject({
  node: wire.address,
  owner: wire.address,
  /** Shares of the profit share, 12 decimals. */
  stake: wire.amount,
  /** Paid to the node so far, base units. */
  earned: wire.amount,
  /** Orders for which it was paid; for a voucher, the orders that it newly covers. */
  jobs: z.number().int(),
  reputation,
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
  /** Left the lease so far: to nodes, and as fees of orders that were forced. */
  spent: wire.amount,
  /**
   * Orders that it paid for: those that were settled or claimed, and those that a paying voucher newly covers. What was
   * settled or claimed and is then covered counts once.
   */
  jobs: z.number().int(),
  /** What vouchers have paid to each node, base units. */
  paidPerNode: wire.amount,
  /** Nonce of the last order that a cleared voucher covers; 0 before the first. */
  upTo: z.number().int(),
  expiry: z.number().int(),
  closed: z.boolean(),
});
export const leasePage = page(leaseRow);
export type LeaseRow = z.output<typeof leaseRow>;

/**
 * GET /v1/jobs and /v1/jobs/{order}: orders that the chain names, since they were settled by themselves or claimed.
 * Orders that a voucher pays are not listed one by one, because the chain knows no more of them than the range of their
 * nonces: they are counted in their lease's `jobs`, and stand in the lines of earnings as that range.
 */
export const jobRow = z.strictObject({
  order: wire.bytes32,
  lease: wire.bytes32,
  consumer: wire.address,
  /** Null for a claimed order: its committee signed the root of all receipts instead. */
  resultHash: wire.bytes32.nullable(),
  /** The claim that paid for this order and others together, `orders` in all; null when it was settled by itself. */
  claim: z.strictObject({ claim: wire.bytes32, orders: z.number().int(), receiptsRoot: wire.bytes32 }).nullable(),
  /** What each node got for the order, or for its whole claim. */
  paid: z.array(z.strictObject({ node: wire.address, owner: wire.address, amount: wire.amount })),
  /** Sum of `paid`. */
  total: wire.amount,
  transaction: wire.bytes32,
  block: z.number().int(),
  time: z.number().int(),
});
export const jobPage = page(jobRow);
export type JobRow = z.output<typeof jobRow>;

/**
 * What a payment was for:
 * - `order`: one order, settled by itself
 * - `claim`: orders that the committee claimed together; GET /v1/jobs lists them
 * - `voucher`: the lease's orders with nonces above `after` up to `upTo`, but those paid before; with `after` = `upTo` it
 *   pays more for orders that an earlier one covers
 */
export const paidFor = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("order"), order: wire.bytes32 }),
  z.strictObject({ kind: z.literal("claim"), claim: wire.bytes32 }),
  z.strictObject({ kind: z.literal("voucher"), after: z.number().int(), upTo: z.number().int() }),
]);
export type PaidFor = z.output<typeof paidFor>;

/** GET /v1/earnings?owner=0x… */
export const earnings = z.strictObject({
  owner: wire.address,
  earned: wire.amount,
  nodes: z.array(z.strictObject({ node: wire.address, earned: wire.amount, jobs: z.number().int() })),
  /** Newest first. A clearing pays a node once for all its leases; here is what it got for each. */
  lines: z.array(
    z.strictObject({
      paidFor,
      /** Orders that it pays for. */
      jobs: z.number().int(),
      lease: wire.bytes32,
      node: wire.address,
      amount: wire.amount,
      transaction: wire.bytes32,
      block: z.number().int(),
      /** The event's log in its block. */
      logIndex: z.number().int(),
      time: z.number().int(),
    }),
  ),
});
export type Earnings = z.output<typeof earnings>;

/** GET /v1/profit-share: the vault of the exchange's fees and of slashed stake. Amounts in base units. */
export const profitShareInfo = z.strictObject({
  /** When it was so, by the clock of the marketplace, but never before the vault's last event. */
  time: z.number().int(),
  /** All shares that there are, 12 decimals. */
  shares: wire.shares,
  /** What they are worth together. */
  assets: wire.amount,
  /** What a whole share is worth. */
  price: wire.amount,
  /** Shares that are staked for nodes, or unbonding. */
  staked: wire.shares,
  /** Came in as profit and is not the holders' yet. */
  dripping: wire.amount,
  /** When all of it is; null when nothing drips. */
  dripEnds: z.number().int().nullable(),
  /** Sum of all harvests: fees, and tokens that were sent to the vault without a deposit. */
  harvested: wire.amount,
  /** Worth of all shares that were given up, at their time: those that the court took from nodes' stakes. */
  forfeited: wire.amount,
  /** Fees that the exchange has taken and nobody has harvested. */
  feesWaiting: wire.amount,
});
export type ProfitShareInfo = z.output<typeof profitShareInfo>;

/** GET /v1/profit-share/holding?account=0x… */
export const holding = z.strictObject({
  account: wire.address,
  time: z.number().int(),
  /** Shares in the account itself, and what they would be redeemed for. */
  held: wire.shares,
  heldWorth: wire.amount,
  /** Shares that stand in the stakes of the account's nodes, unbonding ones too. */
  staked: wire.shares,
  stakedWorth: wire.amount,
  /** The account's part of what drips, if nobody comes or goes meanwhile. */
  dripping: wire.amount,
  /** One row for each node that the account owns, in the order of registration. */
  stakes: z.array(
    z.strictObject({
      node: wire.address,
      /** Counts in quorums and draws. */
      staked: wire.shares,
      /** No longer counts, and is not yet the owner's again. */
      unbonding: wire.shares,
      /** From here on what is unbonding can leave, unless it is frozen; 0 when nothing unbonds. */
      unbondsAt: z.number().int(),
      /** Until here no stake can leave. */
      frozenUntil: z.number().int(),
      /** How many times the node stands in draws. */
      tickets: z.number().int(),
      /** Of `staked` and `unbonding` together. */
      worth: wire.amount,
    }),
  ),
});
export type Holding = z.output<typeof holding>;

/** Kinds of GET /v1/events; each event's data is the row of its kind. A claim is told by the job of its first order. */
export const MARKET_EVENTS = ["offer", "bid", "cancellation", "node", "lease", "job", "profit-share"] as const;
export type MarketEvent = (typeof MARKET_EVENTS)[number];
