// Decides what an order's jobs are, what their receipts say, and the two roots that stand for them in signatures.
// It never runs a job.
import { encodeAbiParameters, encodePacked, type Hex, keccak256 } from "viem";
import { LIMITS } from "./limits.ts";
import { leafHash, merkleTree } from "./merkle-tree.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Commitment, JobOrder } from "./signed-messages.ts";
import { type Amount, type Digest, digestToBytes32, type NodeId, type UnixSeconds } from "./units.ts";
import { type OutcomeKind, outcomeCode, priceOf, type Rates, type Usage } from "./usage.ts";

/** Everything that decides a job's answer and bill, so that every node of the committee runs the same. */
export interface JobSpec {
  readonly image: Digest;
  /** Digest of the encoded request. */
  readonly request: Digest;
  readonly virtualTimeMillis: number;
  /** 32 bytes. */
  readonly seed: Hex;
  readonly fuel: bigint;
  readonly memoryPages: number;
  /** Limit of the encoded response. */
  readonly responseBytes: number;
}

/** What happened to one job. */
export interface Receipt {
  readonly request: Digest;
  readonly outcome: OutcomeKind;
  /** Digest of the encoded response. */
  readonly response: Digest;
  readonly usage: Usage;
}

const JOB_LEAF = [
  { type: "uint32" },
  { type: "bytes32" },
  { type: "bytes32" },
  { type: "uint64" },
  { type: "bytes32" },
  { type: "uint64" },
  { type: "uint32" },
  { type: "uint32" },
] as const;

const RECEIPT_LEAF = [
  { type: "uint32" },
  { type: "bytes32" },
  { type: "uint8" },
  { type: "bytes32" },
  { type: "uint64" },
  { type: "uint32" },
  { type: "uint64" },
  { type: "uint64" },
  { type: "uint32" },
] as const;

export function jobLeaf(index: number, job: JobSpec): Hex {
  return leafHash(
    encodeAbiParameters(JOB_LEAF, [
      index,
      digestToBytes32(job.image),
      digestToBytes32(job.request),
      BigInt(job.virtualTimeMillis),
      job.seed,
      job.fuel,
      job.memoryPages,
      job.responseBytes,
    ]),
  );
}

export function receiptLeaf(index: number, receipt: Receipt): Hex {
  const { usage } = receipt;
  return leafHash(
    encodeAbiParameters(RECEIPT_LEAF, [
      index,
      digestToBytes32(receipt.request),
      outcomeCode(receipt.outcome),
      digestToBytes32(receipt.response),
      usage.fuel,
      usage.memoryPages,
      BigInt(usage.bytesIn),
      BigInt(usage.bytesOut),
      usage.events,
    ]),
  );
}

/** The order's `jobs` field. @throws `order-empty`, `order-too-large` */
export function jobsRoot(jobs: readonly JobSpec[]): Hex {
  requireJobCount(jobs.length);
  return merkleTree(jobs.map((job, index) => jobLeaf(index, job))).root;
}

/** The attestation's `resultHash`: answers and metered usage of every job. @throws `order-empty`, `order-too-large` */
export function resultHash(receipts: readonly Receipt[]): Hex {
  requireJobCount(receipts.length);
  return merkleTree(receipts.map((receipt, index) => receiptLeaf(index, receipt))).root;
}

/** What one node asks for an order: every job's price at its rates, never above the order's cap. */
export function orderPrice(receipts: readonly Receipt[], rates: Rates, maxPrice: Amount): Amount {
  const price = receipts.reduce((sum, receipt) => sum + priceOf(receipt.usage, rates), 0n);
  return price < maxPrice ? price : maxPrice;
}

/** The most that `job` can cost at `rates`: its limits all used up, or a trap billed at the fuel limit. */
export function worstPrice(job: JobSpec, requestBytes: number, rates: Rates): Amount {
  return priceOf(
    {
      fuel: job.fuel,
      memoryPages: job.memoryPages,
      bytesIn: requestBytes,
      bytesOut: job.responseBytes,
      events: LIMITS.jobEvents,
    },
    rates,
  );
}

/** What a commitment hides. `salt` is 32 random bytes that the node reveals with its attestation. */
export function commitmentSeal(order: Hex, node: NodeId, result: Hex, price: Amount, salt: Hex): Hex {
  return keccak256(
    encodePacked(["bytes32", "address", "bytes32", "uint96", "bytes32"], [order, node, result, price, salt]),
  );
}

/** The attestation's `commits`: which commitments the node held, in ascending order of node. */
export function commitsHash(commitments: readonly Commitment[]): Hex {
  const sorted = commitments.toSorted((a, b) => compareNodes(a.node, b.node));
  return keccak256(
    encodeAbiParameters(
      [
        {
          type: "tuple[]",
          components: [
            { name: "node", type: "address" },
            { name: "seal", type: "bytes32" },
          ],
        },
      ],
      [sorted.map(({ node, seal }) => ({ node, seal }))],
    ),
  );
}

/** The contract wants committees and attestations in ascending order of address. */
export function compareNodes(a: NodeId, b: NodeId): number {
  const [left, right] = [BigInt(a), BigInt(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Whether the node is one of the committee, however its address is written. */
export function hasSeat(committee: readonly NodeId[], node: NodeId): boolean {
  return committee.some((member) => compareNodes(member, node) === 0);
}

/** How many of `committee` nodes must agree. */
export function quorumCount(quorumBps: number, committee: number): number {
  return Math.ceil((quorumBps * committee) / 10_000);
}

/**
 * Until when nodes wait for the commitments of the whole committee, Unix seconds. Afterwards they reveal to a quorum,
 * so that one silent node cannot withhold the answer.
 */
export function commitUntil(order: Pick<JobOrder, "deadline">): UnixSeconds {
  return order.deadline - LIMITS.revealSeconds;
}

function requireJobCount(count: number): void {
  if (count === 0) throw new ProtocolError("invalid", "order-empty", "An order needs at least one job.");
  if (count > LIMITS.orderJobs) {
    throw new ProtocolError(
      "too-large",
      "order-too-large",
      `The order has ${count} jobs, the limit is ${LIMITS.orderJobs}.`,
      {
        hint: "Split it into several orders.",
        context: { count, limit: LIMITS.orderJobs },
      },
    );
  }
}
