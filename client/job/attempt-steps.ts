// The steps of one attempt. Each takes the record as it is stored, does nothing that is already done, and returns the
// record as it is stored then; what cannot be taken back is written before it is done.
import type { Hex } from "viem";
import { LIMITS } from "#protocol/limits.ts";
import { commitUntil, quorumCount } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ClientWorld } from "../client-world.ts";
import { sleepUntil, unixSeconds } from "../clock.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import { gatherAttestations } from "../order/gather-attestations.ts";
import { gatherCommitments } from "../order/gather-commitments.ts";
import type { OrderContext } from "../order/order-context.ts";
import { signOrder } from "../order/sign-order.ts";
import { takeNonce } from "../order/take-nonce.ts";
import { currentAttempt, type JobRecord, withAttempt } from "../store/job-record.ts";
import { handOver } from "../vouchers/hand-voucher.ts";
import { paysByVoucher } from "../vouchers/payer-account.ts";
import { noQuorum } from "./no-quorum.ts";

export type Step = (world: ClientWorld, record: JobRecord) => Promise<JobRecord>;

/** The lease is open on chain. @throws `lease-ended`, and the contract's refusals */
export const ensureLease: Step = async (world, record) => {
  const { ledger, store, clock, onProgress } = world;
  const attempt = currentAttempt(record);
  if (attempt.order) return record;
  const lease = await store.lease(attempt.lease);
  const standing = await ledger.leaseOf(lease.lease);
  if (standing && !standing.open) throw leaseEnded(lease.lease);
  if (!standing) {
    const now = Math.max(unixSeconds(clock), await ledger.time());
    const expiry = Math.max(lease.expiry, now + record.terms.deadlineSeconds + CLIENT_LIMITS.leaseMarginSeconds);
    await store.changeLease(lease.lease, (latest) => ({ ...latest, expiry }));
    await ledger.openLease(lease.terms, lease.lease, lease.amount, expiry);
    onProgress({ step: "leased", lease: lease.lease, amount: lease.amount });
  }
  return record;
};

/** The order is signed and stored. @throws `lease-ended` when the lease leaves no time for it */
export const ensureOrder: Step = async (world, record) => {
  const { ledger, store, clock } = world;
  const attempt = currentAttempt(record);
  if (attempt.order) return record;
  const standing = await ledger.leaseOf(attempt.lease);
  const now = unixSeconds(clock);
  const deadline = Math.min(now + record.terms.deadlineSeconds, standing?.expiry ?? 0);
  if (deadline < now + LIMITS.orderSecondsMin) throw leaseEnded(attempt.lease);
  const nonce = await takeNonce(world, attempt, { job: record.name, deadline });
  const { sessionKey } = await store.lease(attempt.lease);
  const signed = await signOrder({
    domain: ledger.domain,
    lease: attempt.lease,
    sessionKey,
    nonce,
    specs: record.specs,
    maxPrice: attempt.maxPrice,
    forceFee: record.terms.forceFee,
    quorumBps: record.terms.quorumBps,
    deadline,
  });
  return saved(world, withAttempt(record, { order: signed.order, orderId: signed.orderId }));
};

/** The set of commitments is fixed and stored. @throws `no-quorum`, `order-late` */
export const ensureCommitments: Step = async (world, record) => {
  const attempt = currentAttempt(record);
  if (attempt.commitments) return record;
  const context = await orderContextOf(world, record);
  const { deadline } = context.submission.order.message;
  if (world.clock.now() >= deadline * 1_000) throw orderLate(context.orderId);
  world.onProgress({ step: "ordered", order: context.orderId, deadline });
  const { commitments, faults } = await gatherCommitments(context);
  const size = attempt.committee.length;
  if (commitments.length < quorumCount(record.terms.quorumBps, size)) {
    const failed = await saved(world, withAttempt(record, { faults: [...faults] }));
    throw await noQuorum(world, failed, commitments.length, 0);
  }
  if (commitments.length < size) {
    const until = commitUntil(context.submission.order.message) + CLIENT_LIMITS.skewSeconds;
    world.onProgress({ step: "waiting", until, reason: "the absent nodes may still commit" });
    await sleepUntil(world.clock, until, world.signal);
  }
  return saved(world, withAttempt(record, { commitments: [...commitments], faults: [...faults] }));
};

/** Everything that the nodes opened is stored, checked or not. When none opened anything, a resume asks once more. */
export const ensureAnswers: Step = async (world, record) => {
  const { answers: known, commitments, faults: earlier } = currentAttempt(record);
  if (known?.length || !commitments) return record;
  const context = await orderContextOf(world, record);
  const { answers, faults } = await gatherAttestations(context, commitments);
  const asked = new Set(commitments.map(({ message }) => message.node));
  const others = earlier.filter(({ node }) => !asked.has(node));
  return saved(world, withAttempt(record, { answers: [...answers], faults: [...others, ...faults] }));
};

export async function orderContextOf(world: ClientWorld, record: JobRecord): Promise<OrderContext> {
  const { ledger, store, connectNode, clock, signal, onProgress } = world;
  const attempt = currentAttempt(record);
  const { order, orderId, token, committee } = attempt;
  if (!order || !orderId) throw new ProtocolError("internal", "order-unsigned", `Job ${record.name} has no order.`);
  const rented = await store.lease(attempt.lease);
  const { terms: lease } = rented;
  const handing = { lease: attempt.lease, offers: committee };
  return {
    ...(paysByVoucher(rented) && { handVoucher: (node, until) => handOver(world, { ...handing, node }, until) }),
    domain: ledger.domain,
    orderId,
    submission: { lease, order, jobs: record.specs, blobs: record.blobs, offers: committee, token },
    members: committee.map(({ message: offer }) => ({ offer, client: connectNode(offer.endpoint) })),
    blob: async (digest) => {
      const bytes = await store.blob(digest);
      if (bytes) return bytes;
      throw new ProtocolError("internal", "blob-lost", `${digest}, which job ${record.name} needs, is not kept here.`);
    },
    clock,
    signal,
    onProgress,
  };
}

export async function saved({ store }: ClientWorld, record: JobRecord): Promise<JobRecord> {
  await store.saveJob(record);
  return record;
}

function leaseEnded(lease: Hex): ProtocolError {
  return new ProtocolError("conflict", "lease-ended", `Lease ${lease} ends too soon for another order.`, {
    hint: "Its remainder comes back when it is closed. Run the job again with a new lease.",
    context: { lease },
  });
}

function orderLate(order: Hex): ProtocolError {
  return new ProtocolError("timeout", "order-late", `Order ${order} passed its deadline before any node answered.`, {
    hint: "Nobody is paid, and the lease's funds come back when it is closed. Run the job again.",
    context: { order },
    retryable: false,
  });
}
