// The steps of one attempt. Each takes the record as it is stored, does nothing that is already done, and returns the
// record as it is stored then; what cannot be taken back is written before it is done.
import type { Hex } from "viem";
import { LIMITS } from "#protocol/limits.ts";
import { commitUntil, quorumCount } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type Agreement, findAgreement } from "../check/find-agreement.ts";
import type { ClientWorld } from "../client-world.ts";
import { sleepUntil, unixSeconds } from "../clock.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import { fetchResponses } from "../order/fetch-responses.ts";
import { gatherAttestations } from "../order/gather-attestations.ts";
import { gatherCommitments } from "../order/gather-commitments.ts";
import type { OrderContext } from "../order/order-context.ts";
import { signOrder } from "../order/sign-order.ts";
import { settleAttempt } from "../settle/settle-attempt.ts";
import { currentAttempt, type JobRecord, withAttempt } from "../store/job-record.ts";
import { checkContextOf } from "./check-context.ts";
import { noQuorum } from "./no-quorum.ts";

type Step = (world: ClientWorld, record: JobRecord) => Promise<JobRecord>;

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
    await store.saveLease({ ...lease, expiry });
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
  const nonce = await store.takeNonce(attempt.lease);
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
    throw await noQuorum(world, failed, commitments.length);
  }
  if (commitments.length < size) {
    const until = commitUntil(context.submission.order.message) + CLIENT_LIMITS.skewSeconds;
    world.onProgress({ step: "waiting", until, reason: "the absent nodes may still commit" });
    await sleepUntil(world.clock, until, world.signal);
  }
  return saved(world, withAttempt(record, { commitments: [...commitments], faults: [...faults] }));
};

/** Everything that the nodes opened is stored, checked or not. */
export const ensureAnswers: Step = async (world, record) => {
  const attempt = currentAttempt(record);
  if (attempt.answers || !attempt.commitments) return record;
  const context = await orderContextOf(world, record);
  const { answers, faults } = await gatherAttestations(context, attempt.commitments);
  return saved(world, withAttempt(record, { answers: [...answers], faults: [...attempt.faults, ...faults] }));
};

/** The quorum's responses are stored, then it is paid. @throws `no-quorum`, `response-withheld`, the contract's refusals */
export const ensureSettlement: Step = async (world, record) => {
  const attempt = currentAttempt(record);
  if (attempt.settlement) return record;
  const agreement = await agreementOf(record);
  const marked = withAttempt(record, { faults: [...agreement.faults] });
  if (!agreement.quorum) throw await noQuorum(world, await saved(world, marked), agreement.agreed.length);
  world.onProgress({ step: "agreed", nodes: agreement.agreed.map(({ attestation }) => attestation.message.node) });
  const answered = await saved(world, await keepResponses(world, marked, agreement));
  const { terms } = await world.store.lease(attempt.lease);
  const settlement = await settleAttempt(world, terms, currentAttempt(answered), agreement);
  world.onProgress({ step: "settled", transaction: settlement.transaction });
  const { transaction, payments } = settlement;
  return saved(world, {
    ...withAttempt(answered, { settlement: { transaction, payments: [...payments] } }),
    state: "settled",
  });
};

async function keepResponses(world: ClientWorld, record: JobRecord, { agreed }: Agreement): Promise<JobRecord> {
  const attempt = currentAttempt(record);
  const receipts = agreed[0]?.receipts;
  if (attempt.responses || !receipts) return record;
  const nodes = agreed.map(({ attestation }) => attestation.message.node);
  const context = await orderContextOf(world, record);
  const responses = await fetchResponses(context, nodes, receipts, world.store.blob);
  for (const response of responses) await world.store.saveBlob(response);
  return withAttempt(record, { responses: receipts.map(({ response }) => response) });
}

function agreementOf(record: JobRecord): Promise<Agreement> {
  const attempt = currentAttempt(record);
  const committee = attempt.committee.map(({ message }) => message);
  return findAgreement(checkContextOf(record, attempt), committee, attempt.answers ?? [], attempt.faults);
}

async function orderContextOf(world: ClientWorld, record: JobRecord): Promise<OrderContext> {
  const { ledger, store, connectNode, clock, signal, onProgress } = world;
  const attempt = currentAttempt(record);
  const { order, orderId, token, committee } = attempt;
  if (!order || !orderId) throw new ProtocolError("internal", "order-unsigned", `Job ${record.name} has no order.`);
  const { terms: lease } = await store.lease(attempt.lease);
  return {
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

async function saved({ store }: ClientWorld, record: JobRecord): Promise<JobRecord> {
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
