// Decides what a node and its callers say to each other, as schemas. It never decides how it travels: HTTP today, a
// peer's stream tomorrow.
import { z } from "zod";
import { ISOLATION_CLASSES } from "./isolation.ts";
import { LIMITS } from "./limits.ts";
import { ORDER_STATES } from "./order-state.ts";
import * as wire from "./wire.ts";

/** GET /v1/node */
export const nodeInfo = z.strictObject({
  node: wire.address,
  owner: wire.address,
  chainId: z.number().int(),
  exchange: wire.address,
  version: z.string(),
  runtime: z.string(),
  isolation: z.enum(ISOLATION_CLASSES),
  slots: z.strictObject({ total: z.number().int(), free: z.number().int() }),
  /** The offer that stands now; null while the node takes no orders. */
  offer: wire.signed(wire.offer).nullable(),
});
export type NodeInfo = z.output<typeof nodeInfo>;

/** A blob that the order needs and the consumer holds. */
export const blobDescriptor = z.strictObject({
  digest: wire.digest,
  size: z.number().int().min(0).max(LIMITS.blobBytes),
});
export type BlobDescriptor = z.output<typeof blobDescriptor>;

/**
 * POST /v1/orders. `token` opens the order's answer to whoever sends it as `Authorization: Bearer <token>`. `offers` say
 * where the other nodes of the committee are, should they have to speak among themselves; their signature counts.
 */
export const orderSubmission = z.strictObject({
  lease: wire.leaseTerms,
  order: wire.signed(wire.jobOrder),
  jobs: z.array(wire.jobSpec).min(1).max(LIMITS.orderJobs),
  blobs: z.array(blobDescriptor).min(1).max(LIMITS.orderBlobs),
  offers: z.array(wire.signed(wire.offer)).max(LIMITS.committeeNodes).optional(),
  token: wire.bytes32,
});
export type OrderSubmission = z.output<typeof orderSubmission>;

/**
 * POST /v1/vouchers. `attestations` are the whole committee's for orders that the voucher pays: they show the node that
 * others asked less than it did. `offers` say where the other nodes of the committee are; their signature counts.
 */
export const voucherSubmission = z.strictObject({
  lease: wire.leaseTerms,
  voucher: wire.signed(wire.voucher),
  attestations: z.array(wire.signed(wire.attestation)).max(LIMITS.voucherAttestations),
  offers: z.array(wire.signed(wire.offer)).max(LIMITS.committeeNodes),
});
export type VoucherSubmission = z.output<typeof voucherSubmission>;

/** What the node holds for a lease, and what it has served on it that no voucher covers. */
export const voucherStanding = z.strictObject({
  lease: wire.bytes32,
  held: wire.signed(wire.voucher),
  unsigned: wire.amount,
  /** Until when it must be cleared, Unix seconds; null when it covers no order that could be lost. */
  clearBy: z.number().int().nullable(),
});
export type VoucherStanding = z.output<typeof voucherStanding>;

/** POST /v1/clearings: what somebody wants to clear, for the node's signature. */
export const clearingProposal = z.strictObject({
  entries: z
    .array(z.strictObject({ terms: wire.leaseTerms, voucher: wire.signed(wire.voucher) }))
    .min(1)
    .max(LIMITS.proposalLeases),
  receiptsRoot: wire.bytes32,
  validUntil: wire.unixSeconds,
});
export type ClearingProposal = z.output<typeof clearingProposal>;

export const clearingSignature = z.strictObject({ node: wire.address, batch: wire.bytes32, signature: wire.signature });
export type ClearingSignature = z.output<typeof clearingSignature>;

/**
 * POST /v1/attestations, between the nodes of a committee: what one of them holds of some orders. `commitments` are sets
 * that a consumer showed it, for who has not attested yet.
 */
export const attestationExchange = z.strictObject({
  commitments: z.array(wire.signed(wire.commitment)).max(LIMITS.exchangedAttestations),
  attestations: z.array(wire.signed(wire.attestation)).min(1).max(LIMITS.exchangedAttestations),
});
export type AttestationExchange = z.output<typeof attestationExchange>;

/** What the asked node holds of the same orders, its own first. Of an order that it has not attested there is nothing. */
export const heldAttestations = z.strictObject({
  attestations: z.array(wire.signed(wire.attestation)).max(LIMITS.exchangedAttestations * LIMITS.committeeNodes),
});
export type HeldAttestations = z.output<typeof heldAttestations>;

/** POST /v1/claims: orders of one lease that its consumer has not paid, by their ids, for the node's signature. */
export const claimProposal = z.strictObject({
  lease: wire.leaseId,
  orders: z.array(wire.bytes32).min(1).max(LIMITS.claimOrders),
  receiptsRoot: wire.bytes32,
  perNode: wire.amount,
});
export type ClaimProposal = z.output<typeof claimProposal>;

export const claimSignature = z.strictObject({ node: wire.address, claim: wire.bytes32, signature: wire.signature });
export type ClaimSignature = z.output<typeof claimSignature>;

/** GET /v1/cases/{order}: what a jury needs of an order that was appealed; its blobs are at /blobs/{digest} below it. */
export const caseEvidence = z.strictObject({
  lease: wire.leaseTerms,
  order: wire.signed(wire.jobOrder),
  jobs: z.array(wire.jobSpec).min(1).max(LIMITS.orderJobs),
  blobs: z.array(blobDescriptor).min(1).max(LIMITS.orderBlobs),
  attestations: z.array(wire.signed(wire.attestation)).max(LIMITS.committeeNodes),
});
export type CaseEvidence = z.output<typeof caseEvidence>;

/** POST /v1/cases/{order}/votes, between the nodes of a jury: what one of them signed. */
export const jurorVote = z.strictObject({
  node: wire.address,
  resultHash: wire.bytes32,
  key: wire.blsKey,
  signature: wire.blsSignature,
});
export type CaseVote = z.output<typeof jurorVote>;

/** What the asked juror signed; null while it has not. */
export const heldVote = z.strictObject({ vote: jurorVote.nullable() });
export type HeldVote = z.output<typeof heldVote>;

/** What went wrong, as in RFC 9457. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  category: z.string(),
  detail: z.string(),
  hint: z.string().optional(),
  context: z.record(z.string(), z.unknown()).optional(),
  retryable: z.boolean(),
});

/** GET /v1/orders/{order}?after=STATE&wait=SECONDS and the answer of every other call on an order. */
export const orderStatus = z.strictObject({
  order: wire.bytes32,
  state: z.enum(ORDER_STATES),
  /** Blobs that the node lacks; send each with PUT /v1/orders/{order}/blobs/{digest}. */
  missing: z.array(wire.digest),
  /** From `committed` on. */
  commitment: wire.signed(wire.commitment).optional(),
  /** The rest is there when the order is `attested`. */
  attestation: wire.signed(wire.attestation).optional(),
  salt: wire.bytes32.optional(),
  receipts: z.array(wire.receipt).optional(),
  /** Why the order is `failed`, `expired` or `cancelled`. */
  problem: problem.optional(),
});
export type OrderStatus = z.output<typeof orderStatus>;

/** PUT /v1/orders/{order}/commitments: what the node must hold before it opens its answer. */
export const commitmentSet = z.strictObject({
  commitments: z.array(wire.signed(wire.commitment)).min(1).max(LIMITS.committeeNodes),
});
export type CommitmentSet = z.output<typeof commitmentSet>;
