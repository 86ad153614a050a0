// The form of one job's file. Every step of a job is written here before it is taken, so that the file alone says how to
// go on after a crash.
import { z } from "zod";
import { CHECK_WAYS } from "#protocol/answer-check.ts";
import { ISOLATION_CLASSES } from "#protocol/isolation.ts";
import { LIMITS } from "#protocol/limits.ts";
import { blobDescriptor, problem } from "#protocol/node-api.ts";
import * as wire from "#protocol/wire.ts";
import { FAULT_REASONS } from "../check/fault.ts";
import { CLIENT_LIMITS } from "../limits.ts";

const jobs = <Item extends z.ZodType>(item: Item) => z.array(item).max(LIMITS.orderJobs);
const nodes = <Item extends z.ZodType>(item: Item) => z.array(item).max(LIMITS.committeeNodes);

const terms = z.strictObject({
  replicas: z.int(),
  quorumBps: z.int(),
  budget: wire.amount,
  maxRates: wire.rates,
  deadlineSeconds: z.int(),
  scope: wire.scope,
  isolation: z.enum(ISOLATION_CLASSES),
  forceFee: wire.amount,
  assurance: z
    .strictObject({
      wanted: z.number(),
      reached: z.number(),
      spotCheck: z.boolean(),
      checkedShare: z.number(),
      nodes: z.array(wire.address).max(CLIENT_LIMITS.assuredNodes).readonly(),
    })
    .optional(),
  check: z.strictObject({ share: z.number(), by: z.enum(CHECK_WAYS) }).optional(),
});

const nodeAnswer = z.strictObject({
  attestation: wire.signed(wire.attestation),
  salt: wire.bytes32,
  receipts: jobs(wire.receipt).min(1),
});
/** What a node opened: its attestation and what it stands for. */
export type NodeAnswer = z.output<typeof nodeAnswer>;

const fault = z.strictObject({ node: wire.address, reason: z.enum(FAULT_REASONS), detail: z.string().max(1_000) });

const voucherPayment = z.strictObject({
  nonce: z.int().min(1),
  /** To each node of the committee. */
  amount: wire.amount,
  /** Every node had the voucher when the job ended; else they get it as soon as the orders before it are done. */
  handed: z.boolean(),
});
/** What a lease's voucher adds for one order. */
export type VoucherPayment = z.output<typeof voucherPayment>;

const voucherRefusal = z.strictObject({
  /** Null when it is no node's doing. */
  node: wire.address.nullable(),
  /** The node's own, such as `voucher-underpaid`, or why it was not reached. */
  code: z.string().max(64),
  detail: z.string().max(1_000),
});
/** Why a voucher did not pay. */
export type VoucherRefusal = z.output<typeof voucherRefusal>;

const jobName = z.string().regex(/^[0-9a-f]{12}$/);

const answerCheck = z.strictObject({
  /** Indices of the jobs that are checked; drawn when the answers were here, so that no node saw a trace of it. */
  jobs: jobs(z.int().min(0)),
  by: z.enum(CHECK_WAYS),
  /** The job that another committee runs for it. */
  duplicate: jobName.nullable(),
  passed: z.boolean(),
});
export type AnswerCheck = z.output<typeof answerCheck>;

const attempt = z.strictObject({
  /** Its terms and session key are in the lease's own file. */
  lease: wire.bytes32,
  /** The lease was opened for this attempt alone. */
  ownLease: z.boolean(),
  committee: nodes(wire.signed(wire.offer)).min(1),
  maxPrice: wire.amount,
  /** Signed before it is sent to anyone; never signed twice. */
  order: wire.signed(wire.jobOrder).nullable(),
  orderId: wire.bytes32.nullable(),
  token: wire.bytes32,
  /** The set that every node is shown; fixed before the first is. */
  commitments: nodes(wire.signed(wire.commitment)).nullable(),
  answers: nodes(nodeAnswer).nullable(),
  /** Null until the answers are here, and where the terms want none. */
  check: answerCheck.nullable().default(null),
  faults: nodes(fault),
  /** Digests of the agreed responses, once their bytes are kept. */
  responses: jobs(wire.digest).nullable(),
  /** What stands behind `responses`, where no node gave it and it was read from the chain. */
  published: z
    .strictObject({ receipts: jobs(wire.receipt).min(1), agreed: nodes(wire.address) })
    .nullable()
    .default(null),
  settlement: z
    .strictObject({
      transaction: wire.bytes32,
      payments: nodes(z.strictObject({ node: wire.address, owner: wire.address, amount: wire.amount })),
    })
    .nullable(),
  /** Stored before the voucher is handed to anyone; the order's answer is checked. */
  voucher: voucherPayment.nullable().default(null),
  /** Stored before the order is settled because of them. */
  voucherRefusals: z
    .array(voucherRefusal)
    .max(LIMITS.committeeNodes + 1)
    .default([]),
});
export type Attempt = z.output<typeof attempt>;

export const jobRecord = z.strictObject({
  version: z.literal(1),
  /** Names the job on this machine, also before it has an order. */
  name: jobName,
  createdAt: z.int(),
  chainId: z.int(),
  exchange: wire.address,
  consumer: wire.address,
  /** Where its bid was posted. */
  marketplace: z.string().max(256).nullable(),
  image: wire.digest,
  /** The image's own name, for people. */
  title: z.string().max(200),
  terms,
  specs: jobs(wire.jobSpec).min(1),
  usage: jobs(wire.usage).min(1),
  /** Digests of the responses that the quote's own run gave. */
  quoted: jobs(wire.digest).nullable(),
  blobs: z.array(blobDescriptor).max(LIMITS.orderBlobs).min(1),
  bid: wire.signed(wire.bid),
  /** Takes the bid back once nobody needs to serve it any more. */
  withdrawal: wire.signed(wire.cancellation),
  attempts: z.array(attempt).min(1).max(CLIENT_LIMITS.attempts),
  /** This job checks another committee's: which job of this machine, and what that committee attested of these specs. */
  duplicateOf: z
    .strictObject({ name: jobName, receipts: jobs(wire.receipt).min(1) })
    .nullable()
    .default(null),
  state: z.enum(["open", "settled", "failed"]),
  failure: problem.nullable(),
});
export type JobRecord = z.output<typeof jobRecord>;
export type JobRecordState = JobRecord["state"];

/** The attempt that is under way or was the last. */
export function currentAttempt(record: JobRecord): Attempt {
  return record.attempts.at(-1) as Attempt;
}

/** The record with its last attempt changed. */
export function withAttempt(record: JobRecord, change: Partial<Attempt>): JobRecord {
  return { ...record, attempts: record.attempts.with(-1, { ...currentAttempt(record), ...change }) };
}
