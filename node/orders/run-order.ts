// From an order whose bytes are all here to its result: receipts, their root, the price, and the salt that hides them.
import { randomBytes } from "node:crypto";
import { type Hex, hexToBytes, toHex } from "viem";
import { digestOf } from "#protocol/digest.ts";
import { commitmentSeal, type JobSpec, orderPrice, type Receipt, resultHash } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Digest } from "#protocol/units.ts";
import type { Execution } from "#runtime/execution.ts";
import type { OrderWork, ResultRecord } from "../store/order-record.ts";
import type { OrderParts } from "./order-parts.ts";
import type { SlotPool } from "./slot-pool.ts";

export interface RunContext {
  readonly order: Hex;
  readonly work: OrderWork;
  readonly slots: SlotPool;
  readonly signal: AbortSignal;
}

/**
 * Runs every job of the order, as many at once as there are slots.
 * @throws `host-fault` when the node's own runtime failed twice, or what the runtime refuses: no receipt, no bill
 */
export async function runOrder(parts: OrderParts, context: RunContext): Promise<Omit<ResultRecord, "signature">> {
  const { order, work, slots } = context;
  const { jobs } = work.submission;
  const receipts = new Array<Receipt>(jobs.length);
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const remaining = jobs.entries();
  const worker = async () => {
    for (const [index, job] of remaining) {
      receipts[index] = await slots.use(signal, () => runJob(parts, context, job, signal));
    }
  };
  const workers = Array.from({ length: Math.min(slots.total, jobs.length) }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    failed.abort(error);
    // One failed: the others end before the order does, so that it holds no slot afterwards.
    await Promise.allSettled(workers);
    throw error;
  }
  const result = resultHash(receipts);
  const price = orderPrice(receipts, work.rates, work.terms.maxPrice);
  const salt = toHex(randomBytes(32));
  return { receipts, resultHash: result, price, salt, seal: commitmentSeal(order, parts.node, result, price, salt) };
}

async function runJob(parts: OrderParts, context: RunContext, job: JobSpec, signal: AbortSignal): Promise<Receipt> {
  const { order, work } = context;
  const execution = await execute(parts, context, job, signal);
  const response = digestOf(execution.response);
  const until = work.terms.deadline + parts.terms.responseSeconds;
  await parts.blobs.put(response, execution.response, { order, until });
  parts.meter.jobDone(execution.outcome, execution.usage.fuel);
  return { request: job.request, outcome: execution.outcome, response, usage: execution.usage };
}

/** A fault of this host says nothing of the job, so the job has a second chance. */
async function execute(
  parts: OrderParts,
  { order, work }: RunContext,
  job: JobSpec,
  signal: AbortSignal,
): Promise<Execution> {
  const declared = new Set(work.submission.blobs.map(({ digest }) => digest));
  const readBlob = (digest: Digest) => readDeclared(parts, declared, digest);
  const invocation = {
    request: await parts.blobs.read(job.request),
    virtualTimeMillis: job.virtualTimeMillis,
    seed: hexToBytes(job.seed),
    limits: { fuel: job.fuel, memoryPages: job.memoryPages, responseBytes: job.responseBytes },
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await orAborted(signal, parts.runJob({ image: job.image, readBlob, invocation, signal }));
    } catch (error) {
      if (signal.aborted || !(error instanceof ProtocolError) || error.code !== "host-fault") throw error;
      parts.meter.hostFault();
      parts.log.warn({ order, attempt, err: error }, "the runtime failed");
      if (attempt === 2) throw hostFault(error);
    }
  }
}

/** Only what the order names: a node that happens to hold more must not answer differently from the others. */
function readDeclared(parts: OrderParts, declared: ReadonlySet<Digest>, digest: Digest): Promise<Uint8Array> {
  if (declared.has(digest)) return parts.blobs.read(digest);
  throw new ProtocolError("invalid", "blob-undeclared", `The image needs ${digest}, which the order does not name.`, {
    hint: "Name every blob of the image in the order.",
    context: { digest },
  });
}

/** Ends at the abort even if the runtime takes its time over it. */
async function orAborted<Value>(signal: AbortSignal, running: Promise<Value>): Promise<Value> {
  running.catch(() => {});
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([running, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function hostFault(cause: ProtocolError): ProtocolError {
  return new ProtocolError("job-failed", "host-fault", "The node's runtime failed twice; nothing is billed.", {
    hint: "Send the work to another node.",
    retryable: true,
    cause,
  });
}
