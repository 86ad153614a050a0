// Decides the TypeScript form of everything that is signed, field by field as in typed-data.ts. It never checks a value:
// wire.ts does that for what strangers send.
import type { Address, Hex } from "viem";
import type { IsolationClass } from "./isolation.ts";
import type { Amount, LeaseId, NodeId, UnixSeconds } from "./units.ts";
import type { Rates } from "./usage.ts";

/** By the node's key: it accepts to serve for `owner`. */
export interface NodeRegistration {
  readonly node: NodeId;
  readonly owner: Address;
  readonly validUntil: bigint;
}

/** Never signed: the struct hash is the lease id. */
export interface LeaseTerms {
  readonly consumer: Address;
  readonly sessionKey: Address;
  readonly salt: Hex;
  /** Strictly ascending. */
  readonly nodes: readonly NodeId[];
}

/** By the session key: run these jobs, and be paid at most this. */
export interface JobOrder {
  readonly lease: Hex;
  readonly nonce: number;
  readonly jobs: Hex;
  /** The most that each node may be paid for the whole order. */
  readonly maxPrice: Amount;
  /** To whoever settles the order without the consumer. */
  readonly forceFee: Amount;
  /** Share of the committee in 1/10,000. */
  readonly quorumBps: number;
  readonly deadline: UnixSeconds;
}

/** By the node's key: its order's result and price, given these commitments. */
export interface Attestation {
  readonly order: Hex;
  readonly node: NodeId;
  readonly resultHash: Hex;
  readonly price: Amount;
  readonly commits: Hex;
}

/** By the consumer's account: anyone may open this lease for it until `validUntil`. */
export interface OpenLease {
  readonly lease: LeaseTerms;
  /** What the lease will hold. */
  readonly amount: Amount;
  readonly expiry: UnixSeconds;
  readonly validUntil: UnixSeconds;
}

/** By the session key: a cumulative permission to charge its lease. A later one stands for all before it. */
export interface Voucher {
  readonly lease: LeaseId;
  /** What each node of the committee may have been paid by vouchers altogether; 64 bits. */
  readonly perNode: Amount;
  /** Orders up to and including this nonce are paid with it and can no longer be forced. */
  readonly upTo: number;
  /** Orders settled without a voucher when it was signed: one more of them voids it. */
  readonly forced: number;
  /** The lease closes with it, and its remainder goes back at once. */
  readonly last: boolean;
}

/** By every node of a clearing: these entries, with their counts and nodes, may take effect for its leases. */
export interface ClearingBatch {
  /** Hash of the packed counts, nodes and entries. */
  readonly entries: Hex;
  readonly receiptsRoot: Hex;
  readonly validUntil: UnixSeconds;
}

/** By every node of a committee whose consumer is silent: pay each of us this for these orders. */
export interface Claim {
  readonly lease: LeaseId;
  /** Hash of the orders' ids, one after the other. */
  readonly orders: Hex;
  readonly receiptsRoot: Hex;
  readonly perNode: Amount;
}

/** By the node's key: it has a result, hidden in `seal`. */
export interface Commitment {
  readonly order: Hex;
  readonly node: NodeId;
  readonly seal: Hex;
}

/** By the node's key: what it can do and for how much. */
export interface Offer {
  readonly node: NodeId;
  readonly owner: Address;
  /** Base URL of the node's API. */
  readonly endpoint: string;
  /** The execution rules it runs: two nodes can agree only under the same. */
  readonly runtime: string;
  readonly isolation: IsolationClass;
  /** Clusters it serves, such as `network:home`; every node also serves `any`. */
  readonly scopes: readonly string[];
  /** Jobs that it runs at once, and has free. */
  readonly slots: number;
  /** Largest memory that one job may have, 64 KiB pages. */
  readonly memoryPages: number;
  readonly rates: Rates;
  /** A higher one replaces the node's earlier offers. */
  readonly sequence: bigint;
  readonly validFrom: UnixSeconds;
  readonly validUntil: UnixSeconds;
}

/** By the consumer's account: what it wants to run and the most it pays. */
export interface Bid {
  readonly consumer: Address;
  /** Digest of the image's manifest. */
  readonly image: Hex;
  readonly runtime: string;
  /** The weakest isolation that will do. */
  readonly isolation: IsolationClass;
  readonly scope: string;
  /** Committee size. */
  readonly replicas: number;
  readonly quorumBps: number;
  readonly memoryPages: number;
  /** Expected fuel of all jobs together. */
  readonly fuel: bigint;
  readonly maxRates: Rates;
  /** For the whole committee. */
  readonly budget: Amount;
  /** From order to deadline. */
  readonly deadlineSeconds: number;
  readonly salt: Hex;
  readonly validFrom: UnixSeconds;
  readonly validUntil: UnixSeconds;
}

/** By the signer of the statement: it no longer stands. */
export interface Cancellation {
  readonly statement: Hex;
  readonly signer: Address;
}

/** Everything that is signed, by the name of its EIP-712 type. */
export interface SignedMessages {
  readonly NodeRegistration: NodeRegistration;
  readonly JobOrder: JobOrder;
  readonly Attestation: Attestation;
  readonly OpenLease: OpenLease;
  readonly Voucher: Voucher;
  readonly ClearingBatch: ClearingBatch;
  readonly Claim: Claim;
  readonly Commitment: Commitment;
  readonly Offer: Offer;
  readonly Bid: Bid;
  readonly Cancellation: Cancellation;
}

export type SignedType = keyof SignedMessages;

/** A message with its signature: 65 bytes, or 64 in the form of EIP-2098. */
export interface Signed<Message> {
  readonly message: Message;
  readonly signature: Hex;
}
