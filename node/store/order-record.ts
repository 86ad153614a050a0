// What the store tells of an order. Rows are turned into these once, so that nobody else parses a column.
import type { Hex } from "viem";
import { z } from "zod";
import { orderSubmission } from "#protocol/node-api.ts";
import type { Receipt } from "#protocol/order.ts";
import type { OrderState } from "#protocol/order-state.ts";
import type { Problem } from "#protocol/protocol-error.ts";
import type { Attestation, Commitment, JobOrder, LeaseTerms, Signed, Voucher } from "#protocol/signed-messages.ts";
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";
import type { Rates } from "#protocol/usage.ts";
import { commitment, leaseTerms, parseWire, rates, receipt, signed } from "#protocol/wire.ts";
import type * as schema from "./schema.ts";

/** A submission as it is kept: the token is known by its hash alone. */
export const keptSubmission = orderSubmission.omit({ token: true });
export type KeptSubmission = z.output<typeof keptSubmission>;

export interface OrderRecord {
  readonly order: Hex;
  readonly lease: Hex;
  readonly nonce: number;
  readonly state: OrderState;
  readonly deadline: UnixSeconds;
  readonly maxPrice: Amount;
  readonly tokenHash: string;
  readonly acceptedAt: UnixSeconds;
  readonly problem: Problem | undefined;
  readonly settled: boolean;
}

/** All that is needed to run and to judge an order. */
export interface OrderWork {
  readonly submission: KeptSubmission;
  /** At which it was accepted. */
  readonly rates: Rates;
  readonly terms: JobOrder;
}

export interface ResultRecord {
  readonly receipts: readonly Receipt[];
  readonly resultHash: Hex;
  readonly price: Amount;
  readonly salt: Hex;
  readonly seal: Hex;
  /** Of the commitment, once it is signed. */
  readonly signature: Hex | undefined;
}

export interface AttestationRecord extends Omit<Attestation, "order" | "node"> {
  /** That the node was shown before. */
  readonly commitments: readonly Signed<Commitment>[];
  readonly signature: Hex | undefined;
}

export interface Peer {
  readonly node: NodeId;
  /** Base URL, from an offer that the node signed. */
  readonly endpoint: string;
}

/** The highest voucher that the node holds for a lease. */
export interface VoucherRecord {
  readonly terms: LeaseTerms;
  readonly voucher: Signed<Voucher>;
  /** Of the lease, when the voucher came. */
  readonly expiry: UnixSeconds;
  /** Where the committee's other nodes are, as far as they were named. */
  readonly peers: readonly Peer[];
  readonly receivedAt: UnixSeconds;
}

/** One order of a lease as its payment sees it. */
export interface LeaseOrder {
  readonly order: Hex;
  readonly nonce: number;
  readonly state: OrderState;
  readonly deadline: UnixSeconds;
  readonly maxPrice: Amount;
  readonly settled: boolean;
  /** What was attested; undefined before that. */
  readonly attested: { readonly price: Amount; readonly resultHash: Hex } | undefined;
}

/** An attested order as its rescue sees it. */
export interface AttestedOrder {
  readonly order: Hex;
  readonly nonce: number;
  readonly deadline: UnixSeconds;
  readonly attestedAt: UnixSeconds;
  readonly settled: boolean;
  readonly maxPrice: Amount;
  readonly forceFee: Amount;
  readonly quorumBps: number;
  /** Of its committee, ascending. */
  readonly nodes: readonly NodeId[];
  /** What this node attested. */
  readonly resultHash: Hex;
  readonly price: Amount;
}

/** A claim that the node signed and that can still be carried out. */
export interface StandingClaim {
  readonly claim: Hex;
  /** By nonce. */
  readonly orders: readonly { readonly order: Hex; readonly nonce: number }[];
  readonly until: UnixSeconds;
}

const receiptList = z.array(receipt);
const commitmentList = z.array(signed(commitment));

export function orderRecord(row: typeof schema.orders.$inferSelect): OrderRecord {
  const { order, lease, nonce, state, deadline, tokenHash, acceptedAt, settled } = row;
  const problem = row.problem === null ? undefined : (JSON.parse(row.problem) as Problem);
  return {
    order,
    lease,
    nonce,
    state,
    deadline,
    maxPrice: BigInt(row.maxPrice),
    tokenHash,
    acceptedAt,
    problem,
    settled,
  };
}

export function orderWork(row: { submission: string; rates: string }): OrderWork {
  const submission = parseWire(keptSubmission, JSON.parse(row.submission), "stored order");
  return {
    submission,
    rates: parseWire(rates, JSON.parse(row.rates), "stored rates"),
    terms: submission.order.message,
  };
}

export function resultRecord(row: typeof schema.results.$inferSelect): ResultRecord {
  const { resultHash, salt, seal, signature } = row;
  const receipts = parseWire(receiptList, JSON.parse(row.receipts), "stored receipts");
  return { receipts, resultHash, price: BigInt(row.price), salt, seal, signature: signature ?? undefined };
}

export function voucherRecord(row: typeof schema.vouchers.$inferSelect): VoucherRecord {
  const { lease, upTo, forced, last, signature, expiry, receivedAt } = row;
  const message = { lease, perNode: BigInt(row.perNode), upTo, forced, last };
  return {
    terms: parseWire(leaseTerms, JSON.parse(row.terms), "stored lease"),
    voucher: { message, signature },
    expiry,
    peers: JSON.parse(row.peers) as Peer[],
    receivedAt,
  };
}

export function attestationRecord(row: typeof schema.attestations.$inferSelect): AttestationRecord {
  const { resultHash, commits, signature } = row;
  const commitments = parseWire(commitmentList, JSON.parse(row.commitments), "stored commitments");
  return { resultHash, price: BigInt(row.price), commits, commitments, signature: signature ?? undefined };
}

export function peerAttestation(row: typeof schema.peerAttestations.$inferSelect): Signed<Attestation> {
  const { order, node, resultHash, price, commits, signature } = row;
  return { message: { order, node, resultHash, price: BigInt(price), commits }, signature };
}
