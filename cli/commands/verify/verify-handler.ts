import { openClientStore } from "#client/store/client-store.ts";
import { verifyJob } from "#client/verify-job.ts";
import { createRuntime } from "#runtime/runtime.ts";
import type { Handler } from "../../command/command.ts";
import { homeOf } from "../../settings/settings.ts";
import type { VerifyOptions } from "./verify-options.ts";

export const verifyHandler: Handler<VerifyOptions> = async ({ job }, { settingFlags, io, progress, signal }) => {
  const store = await openClientStore(homeOf(settingFlags, io.env));
  const record = await store.job(job);
  await using runtime = await createRuntime({ executors: 1 });
  progress.update(`Running ${record.specs.length} jobs again`);
  const verdict = await verifyJob({ store, record, runtime, signal });
  const lines = verdict.jobs.map(({ index, same, difference }) => `job ${index}: ${same ? "the same" : difference}`);
  return {
    json: { job: verdict.order, same: verdict.same, jobs: verdict.jobs },
    text: [`${verdict.order}: ${verdict.same ? "answer and usage are the same here" : "differs"}`, ...lines].join("\n"),
    // A difference is the finding of a check that worked, and for scripts a failed job.
    ...(!verdict.same && { exitCode: 10 }),
  };
};
