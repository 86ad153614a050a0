import { runDrawn } from "#client/run-drawn.ts";
import { runJobs } from "#client/run-jobs.ts";
import { createRuntime } from "#runtime/runtime.ts";
import type { Handler } from "../../command/command.ts";
import { findOffers } from "../../session/find-offers.ts";
import { jobAnswer } from "../../session/job-answer.ts";
import { lazyRuntime } from "../../session/lazy-runtime.ts";
import { openSession } from "../../session/open-session.ts";
import { readImage } from "../../session/read-image.ts";
import { readRequests } from "../../session/read-requests.ts";
import { rememberJob } from "../../session/remember-job.ts";
import { showProgress } from "../../session/show-progress.ts";
import type { RunOptions } from "./run-options.ts";

export const runHandler: Handler<RunOptions> = async (options, context) => {
  const { io, progress, signal } = context;
  const requests = await readRequests(io, options.request);
  progress.update("Packing the microservice");
  const image = await readImage(options.path);
  const { settings, chain, account, lane } = await openSession(context);
  const source = await findOffers(settings, options.nodes, signal);
  await using checkRuntime = lazyRuntime();
  await using runtime = options.quote ? await createRuntime({ executors: 1 }) : undefined;
  const resumable = rememberJob(showProgress(progress));
  const result = await (options.drawn ? runDrawn : runJobs)({
    chain,
    lane,
    wallet: account,
    ...source,
    home: settings.home,
    image,
    requests,
    runtime,
    checkRuntime,
    limits: options.limits,
    lease: options.lease,
    confidence: options.confidence,
    options: { ...options.terms, check: options.check },
    onProgress: resumable.onProgress,
    signal,
  }).catch((error: unknown) => {
    throw resumable.withName(error);
  });
  return jobAnswer(context, result);
};
