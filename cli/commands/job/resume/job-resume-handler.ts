import type { JobPayment } from "#client/job-result.ts";
import { resumeJob, resumeJobs } from "#client/run-jobs.ts";
import { ERROR_CATEGORIES, ProtocolError } from "#protocol/protocol-error.ts";
import type { Handler } from "../../../command/command.ts";
import { jobAnswer } from "../../../session/job-answer.ts";
import { lazyRuntime } from "../../../session/lazy-runtime.ts";
import { openSession } from "../../../session/open-session.ts";
import { showProgress } from "../../../session/show-progress.ts";
import type { JobResumeOptions } from "./job-resume-options.ts";

export const jobResumeHandler: Handler<JobResumeOptions> = async ({ job }, context) => {
  const { settings, chain, lane } = await openSession(context);
  await using checkRuntime = lazyRuntime();
  const onProgress = showProgress(context.progress);
  const world = {
    chain,
    lane,
    home: settings.home,
    marketplace: settings.marketplace,
    checkRuntime,
    onProgress,
    signal: context.signal,
  };
  if (job !== undefined) return jobAnswer(context, await resumeJob(world, job));
  const resumed = await resumeJobs(world);
  const rows = resumed.map(({ name, outcome }) =>
    outcome instanceof Error
      ? { name, settled: false, problem: codeOf(outcome), detail: outcome.message }
      : {
          name,
          settled: true,
          job: outcome.job,
          payment: outcome.payment,
          settlementTransaction: outcome.settlementTransaction,
        },
  );
  const failed = resumed.map(({ outcome }) => outcome).find((outcome) => outcome instanceof ProtocolError);
  return {
    json: { jobs: rows },
    text:
      rows.map((row) => `${row.name}: ${row.payment ? paidHow(row.payment) : row.detail}`).join("\n") ||
      "No job is open.",
    ...(failed && { exitCode: ERROR_CATEGORIES[failed.category].exitCode }),
  };
};

function paidHow(payment: JobPayment): string {
  return payment.kind === "settlement"
    ? `settled in ${payment.transaction}`
    : `paid by the voucher of lease ${payment.lease.slice(0, 14)}, order ${payment.nonce}${payment.handed ? "" : ", when those before it are done"}`;
}

function codeOf(error: Error): string {
  return error instanceof ProtocolError ? error.code : "internal";
}
