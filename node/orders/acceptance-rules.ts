// Which orders a node takes: pure rules in a stated order, each with its own refusal. The first that fails decides.
import { LIMITS } from "#protocol/limits.ts";
import { hasSeat, type JobSpec, jobsRoot } from "#protocol/order.ts";
import { type ErrorCategory, ProtocolError, type ProtocolErrorFields } from "#protocol/protocol-error.ts";
import { leaseIdOf } from "#protocol/signing.ts";
import type { Amount, Digest, NodeId, UnixSeconds } from "#protocol/units.ts";
import { formatAmount } from "#protocol/units.ts";
import { priceOf, type Rates } from "#protocol/usage.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { KeptSubmission } from "../store/order-record.ts";
import type { LeaseFacts } from "./chain-view.ts";

/** What the node knows by itself. */
export interface NodeFacts {
  readonly node: NodeId;
  readonly now: UnixSeconds;
  /** Why the order's signature is not the session key's; undefined when it is. */
  readonly signatureProblem: ProtocolError | undefined;
  readonly rates: Rates;
  /** Largest memory of one job, 64 KiB pages. */
  readonly memoryPages: number;
  /** Whether another order of the lease has this nonce. */
  readonly nonceTaken: boolean;
  /** What each node may still be paid for orders of this lease that were accepted before, base units. */
  readonly promised: Amount;
  readonly liveOrders: number;
  readonly liveOrdersMax: number;
  readonly liveOrdersOfLease: number;
  /** Bytes of blobs for which there is room. */
  readonly freeBlobBytes: number;
}

/** What the chain says. */
export interface ChainFacts {
  readonly lease: LeaseFacts | undefined;
  /** Whether the order's nonce was settled. */
  readonly nonceSettled: boolean;
}

type Refusal = ProtocolError | undefined;
type MessageRule = (submission: KeptSubmission, facts: NodeFacts) => Refusal;
type LeaseRule = (submission: KeptSubmission, facts: NodeFacts, chain: ChainFacts) => Refusal;

/** Rules that need no chain come first, so that nonsense costs no call to it. */
const MESSAGE_RULES: readonly MessageRule[] = [
  (_submission, { signatureProblem }) => signatureProblem,
  otherLease,
  notInCommittee,
  otherJobs,
  deadlineOutOfRange,
];

const LEASE_RULES: readonly LeaseRule[] = [
  outlivesLease,
  quorumOutOfRange,
  blobsTooLarge,
  blobUndeclared,
  leaseNotLive,
  leaseUnderfunded,
  priceCapTooLow,
  jobTooLarge,
  nonceUsed,
  noRoom,
];

/** The first refusal that needs no chain; undefined when there is none. */
export function refuseMessage(submission: KeptSubmission, facts: NodeFacts): Refusal {
  return first(MESSAGE_RULES, (rule) => rule(submission, facts));
}

/** The first refusal of all; undefined when the order is accepted. */
export function refuseOrder(submission: KeptSubmission, facts: NodeFacts, chain: ChainFacts): Refusal {
  return refuseMessage(submission, facts) ?? first(LEASE_RULES, (rule) => rule(submission, facts, chain));
}

/** The same of an order that others ran, as far as it matters to who runs it again. */
export function refuseEvidence(submission: KeptSubmission): Refusal {
  return blobsTooLarge(submission) ?? blobUndeclared(submission);
}

/** What the order's jobs cost at least: every job with no fuel, no memory and an empty answer. */
export function smallestPrice(submission: Pick<KeptSubmission, "jobs" | "blobs">, rates: Rates): Amount {
  const sizes = new Map(submission.blobs.map(({ digest, size }) => [digest, size]));
  const price = ({ request }: JobSpec) =>
    priceOf({ fuel: 0n, memoryPages: 0, bytesIn: sizes.get(request) ?? 0, bytesOut: 0, events: 0 }, rates);
  return submission.jobs.reduce((sum, job) => sum + price(job), 0n);
}

/** What the order may make the node keep: its blobs and the largest answers. */
export function blobBytesOf({ blobs, jobs }: Pick<KeptSubmission, "jobs" | "blobs">): number {
  return (
    blobs.reduce((sum, { size }) => sum + size, 0) + jobs.reduce((sum, { responseBytes }) => sum + responseBytes, 0)
  );
}

function otherLease({ lease, order }: KeptSubmission): Refusal {
  const id = leaseIdOf(lease);
  if (id === order.message.lease) return undefined;
  return refusal("invalid", "lease-differs", `The order is of lease ${order.message.lease}, the terms are of ${id}.`, {
    hint: "Send the terms of the order's own lease.",
    context: { ordered: order.message.lease, terms: id },
  });
}

function notInCommittee({ lease }: KeptSubmission, { node }: NodeFacts): Refusal {
  if (hasSeat(lease.nodes, node)) return undefined;
  return refusal("rejected", "not-in-committee", `The node ${node} is not in the lease's committee.`, {
    hint: "Send the order to the nodes of its lease.",
    context: { node },
  });
}

function otherJobs({ jobs, order }: KeptSubmission): Refusal {
  const root = jobsRoot(jobs);
  if (root === order.message.jobs) return undefined;
  return refusal("invalid", "jobs-differ", `The jobs sent have the root ${root}, the order names another.`, {
    hint: "Send exactly the jobs that were signed, in their order.",
    context: { root, ordered: order.message.jobs },
  });
}

function deadlineOutOfRange({ order }: KeptSubmission, { now }: NodeFacts): Refusal {
  const { deadline } = order.message;
  const [min, max] = [now + LIMITS.orderSecondsMin, now + LIMITS.orderSecondsMax];
  if (deadline >= min && deadline <= max) return undefined;
  const seconds = deadline - now;
  return refusal("rejected", "deadline-out-of-range", `The order's deadline is ${seconds} s from now.`, {
    hint: `Choose ${LIMITS.orderSecondsMin} to ${LIMITS.orderSecondsMax} seconds, and check both clocks.`,
    context: { deadline, min, max, now },
  });
}

function outlivesLease({ order }: KeptSubmission, _facts: NodeFacts, { lease }: ChainFacts): Refusal {
  if (!lease || order.message.deadline <= lease.expiry) return undefined;
  return refusal("rejected", "order-outlives-lease", "The order's deadline is after its lease's expiry.", {
    hint: "Extend the lease, or choose an earlier deadline.",
    context: { deadline: order.message.deadline, expiry: lease.expiry },
  });
}

function quorumOutOfRange({ order }: KeptSubmission): Refusal {
  const { quorumBps } = order.message;
  if (quorumBps > 5_000 && quorumBps <= 10_000) return undefined;
  return refusal("invalid", "quorum-out-of-range", `A quorum of ${quorumBps / 100} % cannot be settled.`, {
    hint: "Choose more than half, 5,001 to 10,000.",
    context: { quorumBps },
  });
}

function blobsTooLarge({ blobs }: KeptSubmission): Refusal {
  const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  if (bytes > LIMITS.orderBlobBytes) {
    return refusal("too-large", "blobs-too-large", `The order's blobs are ${bytes} bytes together.`, {
      hint: "Split it into several orders.",
      context: { bytes, limit: LIMITS.orderBlobBytes },
    });
  }
  if (new Set(blobs.map(({ digest }) => digest)).size === blobs.length) return undefined;
  return refusal("invalid", "blob-repeated", "The order names a blob twice.", { hint: "Name each blob once." });
}

function blobUndeclared({ jobs, blobs }: KeptSubmission): Refusal {
  const declared = new Set<Digest>(blobs.map(({ digest }) => digest));
  for (const { image, request } of jobs) {
    const missing = [image, request].find((digest) => !declared.has(digest));
    if (missing === undefined) continue;
    return refusal("invalid", "blob-undeclared", `A job needs ${missing}, which the order's blobs do not name.`, {
      hint: "Name every image's and request's blobs with their sizes.",
      context: { digest: missing },
    });
  }
  return undefined;
}

function leaseNotLive({ order }: KeptSubmission, { now }: NodeFacts, { lease }: ChainFacts): Refusal {
  if (lease?.open && lease.expiry > now) return undefined;
  const state = lease === undefined ? "was never opened" : lease.open ? "has expired" : "is closed";
  return refusal("funds", "lease-not-live", `The lease ${order.message.lease} ${state}.`, {
    hint: "Open a lease with these terms first.",
    context: { lease: order.message.lease, expiry: lease?.expiry ?? null },
  });
}

function leaseUnderfunded(submission: KeptSubmission, { promised }: NodeFacts, { lease }: ChainFacts): Refusal {
  const { maxPrice, forceFee } = submission.order.message;
  const needed = BigInt(submission.lease.nodes.length) * (maxPrice + promised) + forceFee;
  const remaining = lease?.remaining ?? 0n;
  if (remaining >= needed) return undefined;
  const [holds, wants] = [formatAmount(remaining), formatAmount(needed)];
  return refusal("funds", "lease-underfunded", `The lease holds ${holds} tokens, its orders may cost ${wants}.`, {
    hint: "Top the lease up, or lower the order's price cap.",
    context: { remaining, needed, promised },
  });
}

function priceCapTooLow(submission: KeptSubmission, { rates }: NodeFacts): Refusal {
  const { maxPrice } = submission.order.message;
  const price = smallestPrice(submission, rates);
  if (maxPrice >= price) return undefined;
  const [cap, least] = [formatAmount(maxPrice), formatAmount(price)];
  return refusal("rejected", "price-cap-too-low", `The order pays at most ${cap} tokens, it costs ${least} at least.`, {
    hint: "Raise the order's price cap, or choose a cheaper node.",
    context: { maxPrice, price },
  });
}

function jobTooLarge({ jobs }: KeptSubmission, { memoryPages }: NodeFacts): Refusal {
  const index = jobs.findIndex((job) => job.memoryPages > memoryPages || job.fuel > LIMITS.jobFuel);
  if (index === -1) return undefined;
  return refusal("rejected", "job-too-large", `Job ${index} asks for more than this node offers.`, {
    hint: `Ask for at most ${memoryPages} pages of memory and ${LIMITS.jobFuel} fuel.`,
    context: { job: index, memoryPages: jobs[index]?.memoryPages, limit: memoryPages },
  });
}

function nonceUsed({ order }: KeptSubmission, { nonceTaken }: NodeFacts, { lease, nonceSettled }: ChainFacts): Refusal {
  const { nonce } = order.message;
  if (!nonceTaken && !nonceSettled && nonce > (lease?.upTo ?? 0)) return undefined;
  return refusal("conflict", "nonce-used", `The lease has another order with nonce ${nonce}, or has paid beyond it.`, {
    hint: "Sign the order with the lease's next nonce; nonces begin at 1.",
    context: { nonce, upTo: lease?.upTo ?? 0 },
  });
}

function noRoom(submission: KeptSubmission, facts: NodeFacts): Refusal {
  const hint = "Send it again in a moment, or to another node.";
  if (facts.liveOrders >= facts.liveOrdersMax) {
    return refusal("busy", "queue-full", `The node has ${facts.liveOrders} orders in hand, as many as it takes.`, {
      hint,
      context: { limit: facts.liveOrdersMax },
    });
  }
  if (facts.liveOrdersOfLease >= NODE_LIMITS.leaseOrders) {
    return refusal("busy", "lease-busy", `The node has ${facts.liveOrdersOfLease} orders of this lease in hand.`, {
      hint: "Wait until one of them is done.",
      context: { limit: NODE_LIMITS.leaseOrders },
    });
  }
  const bytes = blobBytesOf(submission);
  if (bytes <= facts.freeBlobBytes) return undefined;
  return refusal(
    "busy",
    "storage-full",
    `The order may need ${bytes} bytes, the node has ${facts.freeBlobBytes} free.`,
    {
      hint,
      context: { bytes, free: facts.freeBlobBytes },
    },
  );
}

function refusal(category: ErrorCategory, code: string, message: string, fields: ProtocolErrorFields): ProtocolError {
  return new ProtocolError(category, code, message, fields);
}

function first<Rule>(rules: readonly Rule[], check: (rule: Rule) => Refusal): Refusal {
  for (const rule of rules) {
    const refused = check(rule);
    if (refused) return refused;
  }
  return undefined;
}
