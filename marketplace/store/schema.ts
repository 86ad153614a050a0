// The tables. `offers` and `bids` are the book, which exists nowhere else; all others are an index of the chain, which can
// be rebuilt from it. Facts of the chain carry the block that said them, so that a reorganisation can take them back.
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { bigintText, hexText } from "./columns.ts";

const flag = () => integer({ mode: "boolean" });

/** One row a node: its newest offer, remembered past its end so that an older one cannot be replayed. */
export const offers = sqliteTable(
  "offers",
  {
    node: hexText().primaryKey(),
    id: hexText().notNull().unique(),
    sequence: bigintText().notNull(),
    validUntil: integer().notNull(),
    message: text().notNull(),
    signature: hexText().notNull(),
    receivedAt: integer().notNull(),
    rememberedUntil: integer().notNull(),
    cancelled: flag().notNull(),
  },
  (table) => [index("offers_by_memory").on(table.rememberedUntil)],
);

/** Kept until `validUntil`, cancelled ones too, so that they cannot be replayed. */
export const bids = sqliteTable(
  "bids",
  {
    id: hexText().primaryKey(),
    consumer: hexText().notNull(),
    validUntil: integer().notNull(),
    message: text().notNull(),
    signature: hexText().notNull(),
    receivedAt: integer().notNull(),
    cancelled: flag().notNull(),
  },
  (table) => [
    index("bids_by_end").on(table.validUntil),
    index("bids_by_consumer").on(table.consumer),
    index("bids_by_time").on(table.receivedAt, table.id),
  ],
);

/** One row: which exchange is indexed, how far, and the sum of all payments. */
export const chainState = sqliteTable("chain_state", {
  id: integer().primaryKey(),
  chainId: integer().notNull(),
  exchange: hexText().notNull(),
  /** JSON; null before the first block. */
  checkpoint: text(),
  /** Last block that is indexed whole; null before the first. */
  block: integer(),
  paid: bigintText().notNull(),
});

export const nodes = sqliteTable(
  "nodes",
  {
    node: hexText().primaryKey(),
    owner: hexText().notNull(),
    earned: bigintText().notNull(),
    jobs: integer().notNull(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
  },
  (table) => [index("nodes_by_owner").on(table.owner), index("nodes_by_block").on(table.block, table.logIndex)],
);

/** What happened to a node's stake, each with the stake afterwards: the newest row is the present one. */
export const stakes = sqliteTable(
  "stakes",
  {
    node: hexText().notNull(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
    staked: bigintText().notNull(),
    unbonding: bigintText().notNull(),
    unbondsAt: integer().notNull(),
    frozenUntil: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.node, table.block, table.logIndex] }),
    index("stakes_by_block").on(table.block),
  ],
);

/** Transfers of the profit share's shares, each with what the holder has afterwards: the newest row is the present one. */
export const holdings = sqliteTable(
  "holdings",
  {
    holder: hexText().notNull(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
    shares: bigintText().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.holder, table.block, table.logIndex] }),
    index("holdings_by_block").on(table.block),
  ],
);

/** What happened to the profit share, each with the whole of it afterwards: the newest row is the present one. */
export const profitShares = sqliteTable(
  "profit_shares",
  {
    block: integer().notNull(),
    logIndex: integer().notNull(),
    time: integer().notNull(),
    managed: bigintText().notNull(),
    shares: bigintText().notNull(),
    dripAmount: bigintText().notNull(),
    dripSince: integer().notNull(),
    dripEnds: integer().notNull(),
    /** Sum of all harvests. */
    harvested: bigintText().notNull(),
    /** Worth of all shares that were given up, at their time. */
    forfeited: bigintText().notNull(),
    /** Taken by the exchange and not harvested yet. */
    feesWaiting: bigintText().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.block, table.logIndex] }),
    index("profit_shares_by_time").on(table.time, table.block, table.logIndex),
  ],
);

export const owners = sqliteTable("owners", {
  owner: hexText().primaryKey(),
  nodes: integer().notNull(),
  earned: bigintText().notNull(),
  jobs: integer().notNull(),
});

export const leases = sqliteTable(
  "leases",
  {
    lease: hexText().primaryKey(),
    consumer: hexText().notNull(),
    /** JSON array of addresses, ascending. */
    nodes: text().notNull(),
    funded: bigintText().notNull(),
    spent: bigintText().notNull(),
    /** Orders that it paid for, by any rung. */
    jobs: integer().notNull(),
    /** What vouchers have paid to each node. */
    paidPerNode: bigintText().notNull(),
    /** Nonce of the last order that a cleared voucher covers. */
    upTo: integer().notNull(),
    /** Claimed orders that no cleared voucher covers yet. */
    claimed: integer().notNull(),
    expiry: integer().notNull(),
    closed: flag().notNull(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
  },
  (table) => [
    index("leases_by_block").on(table.block, table.logIndex),
    index("leases_by_consumer").on(table.consumer, table.block, table.logIndex),
  ],
);

/** What happened to a lease, as differences: the lease's row is their sum. */
export const leaseChanges = sqliteTable(
  "lease_changes",
  {
    block: integer().notNull(),
    logIndex: integer().notNull(),
    lease: hexText().notNull(),
    funded: bigintText().notNull(),
    spent: bigintText().notNull(),
    jobs: integer().notNull(),
    paidPerNode: bigintText().notNull(),
    upTo: integer().notNull(),
    claimed: integer().notNull(),
    /** Null when the expiry stays. */
    expiry: integer(),
    closes: flag().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.block, table.logIndex] }),
    index("lease_changes_by_lease").on(table.lease, table.block, table.logIndex),
  ],
);

/** Orders that the chain names: settled one by one, or claimed together. What a voucher pays for is a range of nonces. */
export const orders = sqliteTable(
  "orders",
  {
    order: hexText().primaryKey(),
    lease: hexText().notNull(),
    consumer: hexText().notNull(),
    /** Null for a claimed order, and so is `resultHash`: the chain tells neither. */
    nonce: integer(),
    resultHash: hexText(),
    /** Null for an order that was settled by itself. */
    claim: hexText(),
    /** What was paid to nodes for the order, or for all orders of its claim together. */
    total: bigintText().notNull(),
    transaction: hexText().notNull(),
    time: integer().notNull(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
    /** Within its event: a claim's event names many orders. */
    position: integer().notNull(),
  },
  (table) => [
    index("orders_by_block").on(table.block, table.logIndex, table.position),
    index("orders_by_consumer").on(table.consumer, table.block, table.logIndex, table.position),
    index("orders_by_lease").on(table.lease, table.nonce),
  ],
);

/** What committees of silent consumers claimed. */
export const claims = sqliteTable(
  "claims",
  {
    claim: hexText().primaryKey(),
    /** How many orders it is for. */
    orders: integer().notNull(),
    receiptsRoot: hexText().notNull(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
  },
  (table) => [index("claims_by_block").on(table.block, table.logIndex)],
);

/** What each node was paid. A lease's part in a clearing is one event and pays its whole committee. */
export const payments = sqliteTable(
  "payments",
  {
    block: integer().notNull(),
    logIndex: integer().notNull(),
    node: hexText().notNull(),
    kind: text({ enum: ["order", "claim", "voucher"] }).notNull(),
    /** The order or the claim; null for a voucher. */
    paidFor: hexText(),
    /** A voucher covers the nonces above `after` up to `upTo`; null for what is no voucher. */
    after: integer(),
    upTo: integer(),
    /** Orders that it pays for. */
    jobs: integer().notNull(),
    lease: hexText().notNull(),
    owner: hexText().notNull(),
    amount: bigintText().notNull(),
    transaction: hexText().notNull(),
    time: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.block, table.logIndex, table.node] }),
    index("payments_by_paid_for").on(table.paidFor),
    index("payments_by_owner").on(table.owner, table.block, table.logIndex),
  ],
);

/** Sums of payments for charts, so that a chart reads minutes and not payments. */
export const earningsByMinute = sqliteTable(
  "earnings_by_minute",
  {
    /** Empty for the whole market. */
    owner: text().notNull(),
    /** Unix seconds divided by 60. */
    minute: integer().notNull(),
    amount: bigintText().notNull(),
  },
  (table) => [primaryKey({ columns: [table.owner, table.minute] })],
);

/** Leases whose committee is proven to be drawn. */
export const drawnLeases = sqliteTable(
  "drawn_leases",
  {
    lease: hexText().primaryKey(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
  },
  (table) => [index("drawn_leases_by_block").on(table.block)],
);

/** What counted for or against a node, each with its record afterwards: the newest row is the node's reputation. */
export const reputationFacts = sqliteTable(
  "reputation_facts",
  {
    node: hexText().notNull(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
    /** `cleared`: a jury judged the order for which the node was accused, and its record is as if it had not been. */
    kind: text({ enum: ["agreed", "dissented", "slashed", "cleared"] }).notNull(),
    /** Null when the fact is about an order alone. */
    lease: hexText(),
    /** Null unless the fact is about a fault. */
    order: hexText(),
    inARow: integer().notNull(),
    valid: integer().notNull(),
    invalid: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.node, table.block, table.logIndex] }),
    index("reputation_facts_by_block").on(table.block),
    index("reputation_facts_by_lease").on(table.node, table.lease),
    index("reputation_facts_by_order").on(table.order, table.node),
  ],
);

/** Orders that a jury has judged. */
export const judgedOrders = sqliteTable(
  "judged_orders",
  {
    order: hexText().primaryKey(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
  },
  (table) => [index("judged_orders_by_block").on(table.block)],
);
