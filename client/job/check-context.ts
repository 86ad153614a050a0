// From a job's record to what its answers are checked against, and who agrees in it.
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { CheckContext } from "../check/check-answer.ts";
import { type Agreement, findAgreement } from "../check/find-agreement.ts";
import { type Attempt, currentAttempt, type JobRecord } from "../store/job-record.ts";

/** @throws `order-unsigned` when the attempt has not come so far */
export function checkContextOf(record: JobRecord, attempt: Attempt): CheckContext {
  const { order, orderId, commitments } = attempt;
  if (!order || !orderId || !commitments) {
    throw new ProtocolError("internal", "order-unsigned", `Job ${record.name} has no order to check answers against.`);
  }
  return {
    domain: { chainId: record.chainId, exchange: record.exchange },
    orderId,
    order: order.message,
    ...jobsAsked(record),
    commitments,
    expected: record.quoted ?? undefined,
  };
}

/** Of the attempt that is under way or was the last. @throws `order-unsigned` */
export function agreementOf(record: JobRecord): Promise<Agreement> {
  const attempt = currentAttempt(record);
  const committee = attempt.committee.map(({ message }) => message);
  return findAgreement(checkContextOf(record, attempt), committee, attempt.answers ?? [], attempt.faults);
}

/** What was asked of the nodes, job by job. */
export function jobsAsked({ blobs, specs }: JobRecord): Pick<CheckContext, "specs" | "requestBytes"> {
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  return { specs, requestBytes: specs.map(({ request }) => sizes.get(request) ?? 0) };
}
