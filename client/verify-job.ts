// Runs a job again here and compares it with the receipts that its committee signed.
import type { Hex } from "viem";
import { receiptDifference } from "#protocol/answer-check.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Runtime } from "#runtime/runtime.ts";
import { runHere } from "./check/run-here.ts";
import { agreedAnswerOf } from "./job/agreed-answer.ts";
import type { ClientStore } from "./store/client-store.ts";
import { currentAttempt, type JobRecord } from "./store/job-record.ts";

export interface VerifyInput {
  readonly store: Pick<ClientStore, "blob">;
  readonly record: JobRecord;
  readonly runtime: Pick<Runtime, "run">;
  readonly signal?: AbortSignal | undefined;
}

export interface JobVerdict {
  readonly index: number;
  readonly same: boolean;
  /** What differs first, for people. */
  readonly difference?: string;
}

export interface Verdict {
  readonly order: Hex;
  readonly same: boolean;
  readonly jobs: readonly JobVerdict[];
}

/** @throws `job-unanswered`, `blob-lost`, and whatever the runtime throws */
export async function verifyJob({ store, record, runtime, signal }: VerifyInput): Promise<Verdict> {
  const attempt = currentAttempt(record);
  const receipts = (await agreedAnswerOf(record))?.receipts;
  if (!receipts || !attempt.orderId) throw unanswered(record);
  const runs = await runHere({ store, runtime, record, jobs: record.specs.map((_, index) => index), signal });
  const jobs = [...runs].map(([index, run]): JobVerdict => {
    const difference = receiptDifference(run, receipts[index]);
    return difference === undefined ? { index, same: true } : { index, same: false, difference };
  });
  return { order: attempt.orderId, same: jobs.every(({ same }) => same), jobs };
}

function unanswered({ name }: JobRecord): ProtocolError {
  return new ProtocolError("conflict", "job-unanswered", `Job ${name} has no agreed answer to compare with.`, {
    hint: `Run mimik job resume ${name} first.`,
    context: { name },
  });
}
