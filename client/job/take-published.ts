// The answer of an order that its nodes forced and did not give: they publish small results with the call that pays them,
// and what the committee attested is on the chain to compare with.
import type { Hex } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { wrongReceipt } from "../check/check-answer.ts";
import type { ClientWorld } from "../client-world.ts";
import { currentAttempt, type JobRecord, withAttempt } from "../store/job-record.ts";
import { saved } from "./attempt-steps.ts";
import { jobsAsked } from "./check-context.ts";
import { handAnew } from "./pay-attempt.ts";

/** Failures after which the answer may still stand on the chain. */
const WITHOUT_ANSWER: ReadonlySet<string> = new Set(["no-quorum", "order-late", "response-withheld"]);

export function isWithoutAnswer(error: unknown): boolean {
  return error instanceof ProtocolError && WITHOUT_ANSWER.has(error.code);
}

/**
 * The settled record; undefined while nobody forced the order.
 * @throws `answer-unpublished` when it is paid and its answer is not there, `answer-wrong` when it is another than the
 * quote's, `settlement-elsewhere`, `chain-unreachable`
 */
export async function takePublished(world: ClientWorld, record: JobRecord): Promise<JobRecord | undefined> {
  const { ledger, store, onProgress } = world;
  const attempt = currentAttempt(record);
  const { order, orderId, committee } = attempt;
  if (!order || !orderId || !(await ledger.isSettled(attempt.lease, order.message.nonce))) return undefined;
  const { settlement, published } = await ledger.forced(attempt.lease, orderId);
  const { transaction, payments } = settlement;
  if (published instanceof ProtocolError) throw unpublished(orderId, transaction, published.message, published);
  const { receipts, responses } = published;
  const wrong = wrongReceipt(jobsAsked(record), receipts);
  if (wrong) throw unpublished(orderId, transaction, wrong);
  const job = record.quoted?.findIndex((digest, index) => digest !== receipts[index]?.response) ?? -1;
  if (job !== -1) throw publishedWrong(orderId, transaction, job);

  for (const response of responses) await store.saveBlob(response);
  onProgress({ step: "published", transaction });
  // A claim is signed by the whole committee.
  const agreed = payments.length > 0 ? payments.map(({ node }) => node) : committee.map(({ message }) => message.node);
  const settled = withAttempt(record, {
    responses: receipts.map(({ response }) => response),
    published: { receipts: [...receipts], agreed },
    settlement: { transaction, payments: [...payments] },
  });
  const kept = await saved(world, { ...settled, state: "settled" });
  await handAnew(world, attempt);
  return kept;
}

function unpublished(order: Hex, transaction: Hex, why: string, cause?: ProtocolError): ProtocolError {
  const message = `Order ${order} was paid by force in transaction ${transaction}, without its answer: ${why}`;
  return new ProtocolError("job-failed", "answer-unpublished", message, {
    hint: "Run mimik job resume while a node of its committee is up.",
    context: { order, transaction, reason: cause?.code },
    retryable: true,
    cause,
  });
}

function publishedWrong(order: Hex, transaction: Hex, job: number): ProtocolError {
  const message =
    `Job ${job} of order ${order} is wrong: what its nodes had themselves paid for in transaction ${transaction} is not ` +
    "what this machine's own run gave.";
  return new ProtocolError("job-failed", "answer-wrong", message, {
    hint: "Run the job again without these nodes.",
    context: { order, transaction, job },
  });
}
