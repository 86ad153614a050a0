// The tables of a node: orders and what was signed for them, blobs and who needs them. Amounts are decimal text.
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Hex } from "viem";
import type { BlsKey, BlsSignature } from "#protocol/bls.ts";
import type { OrderState } from "#protocol/order-state.ts";
import type { Digest, LeaseId, NodeId } from "#protocol/units.ts";

export const orders = sqliteTable(
  "orders",
  {
    order: text().$type<Hex>().primaryKey(),
    lease: text().$type<Hex>().notNull(),
    nonce: integer().notNull(),
    state: text().$type<OrderState>().notNull(),
    deadline: integer().notNull(),
    maxPrice: text("max_price").notNull(),
    /** Largest answers of all its jobs together: room that is promised until they are written. */
    responseBytes: integer("response_bytes").notNull(),
    /** Wire form of the submission, without its token. */
    submission: text().notNull(),
    /** Wire form of the rates at which the order was accepted. */
    rates: text().notNull(),
    /** SHA-256 of the token that opens the answer: the store's thief cannot use it. */
    tokenHash: text("token_hash").notNull(),
    acceptedAt: integer("accepted_at").notNull(),
    changedAt: integer("changed_at").notNull(),
    /** Problem as in RFC 9457. */
    problem: text(),
    settled: integer({ mode: "boolean" }).notNull().default(false),
  },
  (table) => [
    uniqueIndex("orders_lease_nonce").on(table.lease, table.nonce),
    index("orders_state").on(table.state, table.acceptedAt),
    index("orders_deadline").on(table.deadline),
    index("orders_unpaid").on(table.settled, table.state, table.lease, table.deadline),
  ],
);

/** One result an order, stored before its commitment is signed; a second run cannot replace it. */
export const results = sqliteTable("results", {
  order: text().$type<Hex>().primaryKey(),
  /** Wire form of the receipts. */
  receipts: text().notNull(),
  resultHash: text("result_hash").$type<Hex>().notNull(),
  price: text().notNull(),
  salt: text().$type<Hex>().notNull(),
  seal: text().$type<Hex>().notNull(),
  /** Of the commitment; null until it is signed. */
  signature: text().$type<Hex>(),
});

/** One attestation an order, stored before it is signed: the primary key is why there is never a second. */
export const attestations = sqliteTable("attestations", {
  order: text().$type<Hex>().primaryKey(),
  resultHash: text("result_hash").$type<Hex>().notNull(),
  price: text().notNull(),
  commits: text().$type<Hex>().notNull(),
  /** Wire form of the signed commitments that the node was shown: whose result was fixed when it opened its own. */
  commitments: text().notNull().default("[]"),
  /** Null until it is signed. */
  signature: text().$type<Hex>(),
});

/** The first attestation of each other node for an order; one that differs from it is not taken. */
export const peerAttestations = sqliteTable(
  "peer_attestations",
  {
    order: text().$type<Hex>().notNull(),
    node: text().$type<NodeId>().notNull(),
    resultHash: text("result_hash").$type<Hex>().notNull(),
    price: text().notNull(),
    commits: text().$type<Hex>().notNull(),
    signature: text().$type<Hex>().notNull(),
    /** Whether its result is another than this node's own. */
    dissents: integer({ mode: "boolean" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.order, table.node] }),
    index("peer_attestations_dissents").on(table.dissents, table.order),
  ],
);

/** Two attestations of one node for one order that say different things, in wire form: the first two that came. */
export const equivocations = sqliteTable(
  "equivocations",
  {
    order: text().$type<Hex>().notNull(),
    node: text().$type<NodeId>().notNull(),
    first: text().notNull(),
    second: text().notNull(),
    /** Whether the court knows. */
    proven: integer({ mode: "boolean" }).notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.order, table.node] })],
);

/** Who was accused at the court, for orders of this node. */
export const accusations = sqliteTable(
  "accusations",
  {
    order: text().$type<Hex>().notNull(),
    node: text().$type<NodeId>().notNull(),
    /** In which it was told: a reorganisation takes it back. */
    block: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.order, table.node] })],
);

/** Orders that somebody appealed, whoever ran them. */
export const cases = sqliteTable(
  "cases",
  {
    order: text().$type<Hex>().primaryKey(),
    lease: text().$type<Hex>().notNull(),
    subject: text().$type<Hex>().notNull(),
    closesAt: integer("closes_at").notNull(),
    /** In which it was told: a reorganisation takes it back. */
    block: integer().notNull(),
    /** Wire form of what was gathered about it; null until then. */
    evidence: text(),
    /** JSON of the jury's nodes in seat order; null until it is drawn. */
    jury: text(),
    /** Whether this node has nothing more to do for it. */
    done: integer({ mode: "boolean" }).notNull().default(false),
  },
  (table) => [index("cases_open").on(table.done, table.closesAt)],
);

/** One verdict an order, stored before it is signed: the primary key is why there is never a second. */
export const verdicts = sqliteTable("verdicts", {
  order: text().$type<Hex>().primaryKey(),
  resultHash: text("result_hash").$type<Hex>().notNull(),
  closesAt: integer("closes_at").notNull(),
});

/** What jurors signed, this node among them: of each the first that holds. */
export const votes = sqliteTable(
  "votes",
  {
    order: text().$type<Hex>().notNull(),
    node: text().$type<NodeId>().notNull(),
    resultHash: text("result_hash").$type<Hex>().notNull(),
    key: text().$type<BlsKey>().notNull(),
    signature: text().$type<BlsSignature>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.order, table.node] })],
);

/** Which order is in which claim that the node signed, kept before it is signed: the primary key is why no two overlap. */
export const claimedOrders = sqliteTable(
  "claimed_orders",
  {
    order: text().$type<Hex>().primaryKey(),
    lease: text().$type<Hex>().notNull(),
    nonce: integer().notNull(),
    /** Signing hash of the claim. */
    claim: text().$type<Hex>().notNull(),
    /** Until when the claim can be carried out: the first deadline of its orders, and the grace. */
    until: integer().notNull(),
  },
  (table) => [index("claimed_orders_lease").on(table.lease), index("claimed_orders_claim").on(table.claim)],
);

/** The highest voucher of each lease that the node took, kept before it is answered. */
export const vouchers = sqliteTable(
  "vouchers",
  {
    lease: text().$type<LeaseId>().primaryKey(),
    /** Wire form of the lease's terms. */
    terms: text().notNull(),
    perNode: text("per_node").notNull(),
    upTo: integer("up_to").notNull(),
    forced: integer().notNull(),
    last: integer({ mode: "boolean" }).notNull(),
    /** Of the session key. */
    signature: text().$type<Hex>().notNull(),
    /** The lease's expiry when the voucher came; after it and the grace anyone may close the lease. */
    expiry: integer().notNull(),
    /** Wire form of where the committee's other nodes are, as they signed it. */
    peers: text().notNull().default("[]"),
    receivedAt: integer("received_at").notNull(),
    /** Until when a clearing of the lease with this node's signature may be carried out; kept before it is signed. */
    clearingUntil: integer("clearing_until").notNull().default(0),
  },
  (table) => [index("vouchers_expiry").on(table.expiry)],
);

export const blobs = sqliteTable(
  "blobs",
  {
    digest: text().$type<Digest>().primaryKey(),
    size: integer().notNull(),
    /** Grows with every use; the lowest is evicted first. */
    usedAt: integer("used_at").notNull(),
  },
  (table) => [index("blobs_used_at").on(table.usedAt)],
);

/** Which order needs which blob, and until when, Unix seconds. A pinned blob may not be here yet. */
export const pins = sqliteTable(
  "pins",
  {
    order: text().$type<Hex>().notNull(),
    digest: text().$type<Digest>().notNull(),
    /** Declared bytes. */
    size: integer().notNull(),
    until: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.order, table.digest] }), index("pins_digest").on(table.digest, table.until)],
);

export const counters = sqliteTable("counters", { name: text().primaryKey(), value: text().notNull() });
