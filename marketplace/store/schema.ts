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
    stake: bigintText().notNull(),
    earned: bigintText().notNull(),
    jobs: integer().notNull(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
  },
  (table) => [index("nodes_by_owner").on(table.owner), index("nodes_by_block").on(table.block, table.logIndex)],
);

export const stakeChanges = sqliteTable(
  "stake_changes",
  {
    block: integer().notNull(),
    logIndex: integer().notNull(),
    node: hexText().notNull(),
    /** Negative when stake leaves the quorums. */
    amount: bigintText().notNull(),
  },
  (table) => [primaryKey({ columns: [table.block, table.logIndex] })],
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
    /** Null when the expiry stays. */
    expiry: integer(),
    closes: flag().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.block, table.logIndex] }),
    index("lease_changes_by_lease").on(table.lease, table.block, table.logIndex),
  ],
);

/** Orders that the chain has settled: what people call jobs. */
export const orders = sqliteTable(
  "orders",
  {
    order: hexText().primaryKey(),
    lease: hexText().notNull(),
    consumer: hexText().notNull(),
    resultHash: hexText().notNull(),
    total: bigintText().notNull(),
    transaction: hexText().notNull(),
    time: integer().notNull(),
    block: integer().notNull(),
    logIndex: integer().notNull(),
  },
  (table) => [
    index("orders_by_block").on(table.block, table.logIndex),
    index("orders_by_consumer").on(table.consumer, table.block, table.logIndex),
  ],
);

export const payments = sqliteTable(
  "payments",
  {
    block: integer().notNull(),
    logIndex: integer().notNull(),
    /** With `lease` 32 zero bytes where a clearing paid: it is for many. */
    order: hexText().notNull(),
    lease: hexText().notNull(),
    node: hexText().notNull(),
    owner: hexText().notNull(),
    amount: bigintText().notNull(),
    transaction: hexText().notNull(),
    time: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.block, table.logIndex] }),
    index("payments_by_order").on(table.order),
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
