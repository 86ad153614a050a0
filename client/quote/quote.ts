// Runs jobs here, in the same runtime as the nodes'. A run is a pure function of what the quote fixes, so the usage is
// what will be billed, not an estimate.
import { hexToBytes } from "viem";
import { digestOf } from "#protocol/digest.ts";
import { encodeRequest, type RequestMessage } from "#protocol/message.ts";
import type { JobSpec } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Usage } from "#protocol/usage.ts";
import type { Execution, ExecutionLimits } from "#runtime/execution.ts";
import type { Image } from "#runtime/image/image.ts";
import type { Runtime } from "#runtime/runtime.ts";
import type { OnProgress } from "../progress.ts";
import { random32 } from "../random.ts";
import { exactLimits } from "./exact-limits.ts";

export interface Quote {
  /** What will be ordered; limits are as tight as the runs allow. */
  readonly jobs: readonly JobSpec[];
  /** Encoded, in the order of `jobs`. */
  readonly requests: readonly Uint8Array[];
  /** Every job's usage: measured, or all of its limits where it was not run. */
  readonly usage: readonly Usage[];
  /** Encoded responses of the runs; absent where the jobs were not run. */
  readonly responses?: readonly Uint8Array[];
}

export interface QuoteInput {
  readonly runtime: Pick<Runtime, "run">;
  readonly image: Image;
  readonly requests: readonly RequestMessage[];
  /** What no job may exceed; the image's own wishes when absent. */
  readonly limits?: Partial<ExecutionLimits> | undefined;
  /** What the microservices' clocks read, milliseconds since the Unix epoch. */
  readonly virtualTimeMillis: number;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs every request once. A job that fails here would fail and be billed everywhere, so it is not quoted.
 * @throws `job-fails`, and whatever the runtime throws
 */
export async function quoteJobs(input: QuoteInput): Promise<Quote> {
  const planned = planJobs(input);
  input.onProgress?.({ step: "quoting", jobs: planned.jobs.length });
  const runs: Execution[] = [];
  for (const [index, job] of planned.jobs.entries()) {
    const request = planned.requests[index] ?? new Uint8Array();
    const invocation = {
      request,
      virtualTimeMillis: job.virtualTimeMillis,
      seed: hexToBytes(job.seed),
      limits: { fuel: job.fuel, memoryPages: job.memoryPages, responseBytes: job.responseBytes },
    };
    const run = await input.runtime.run(input.image, invocation, input.signal ? { signal: input.signal } : {});
    if (run.outcome !== "ok") throw jobFails(index, run);
    runs.push(run);
  }
  return {
    jobs: planned.jobs.map((job, index) => ({ ...job, ...tightened(input.image, runs[index]?.usage, job) })),
    requests: planned.requests,
    usage: runs.map((run) => run.usage),
    responses: runs.map((run) => run.response),
  };
}

/** A JavaScript engine holds its whole memory from the start, however little of it is used and billed. */
function tightened({ config }: Image, usage: Usage | undefined, job: JobSpec): ExecutionLimits {
  const limits = exactLimits(usage, job);
  return config.kind === "javascript" ? { ...limits, memoryPages: job.memoryPages } : limits;
}

/** The same jobs unrun: priced as if each used all that it may. For work too heavy to be run here. */
export function planJobs(input: Omit<QuoteInput, "runtime">): Quote {
  const wished = { ...input.image.config.limits, ...input.limits };
  const requests = input.requests.map(encodeRequest);
  const jobs = requests.map((request) => ({
    image: input.image.digest,
    request: digestOf(request),
    virtualTimeMillis: input.virtualTimeMillis,
    seed: random32(),
    fuel: wished.fuel,
    memoryPages: wished.memoryPages,
    responseBytes: wished.responseBytes,
  }));
  const usage = jobs.map((job, index) => ({
    fuel: job.fuel,
    memoryPages: job.memoryPages,
    bytesIn: requests[index]?.length ?? 0,
    bytesOut: job.responseBytes,
    events: 0,
  }));
  return { jobs, requests, usage };
}

/** All jobs' usage together; memory is the highest, since jobs do not share it. */
export function totalUsage(usages: readonly Usage[]): Usage {
  return usages.reduce(
    (sum, usage) => ({
      fuel: sum.fuel + usage.fuel,
      memoryPages: Math.max(sum.memoryPages, usage.memoryPages),
      bytesIn: sum.bytesIn + usage.bytesIn,
      bytesOut: sum.bytesOut + usage.bytesOut,
      events: sum.events + usage.events,
    }),
    { fuel: 0n, memoryPages: 0, bytesIn: 0, bytesOut: 0, events: 0 },
  );
}

function jobFails(index: number, run: Execution): ProtocolError {
  const log = run.logs.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
  const message = `Job ${index} ends as ${run.outcome}${log && `: ${log}`}. Nothing was bought.`;
  const hint =
    run.outcome === "out-of-fuel"
      ? "Raise the fuel limit, or give the job less to do."
      : "Correct the microservice or its input; every node would bill the same failure.";
  return new ProtocolError("job-failed", "job-fails", message, {
    hint,
    context: { index, outcome: run.outcome, fuel: run.usage.fuel },
  });
}
