// Runs a job again here and compares it with the receipts that its committee signed.
import { type Hex, hexToBytes } from "viem";
import { digestOf } from "#protocol/digest.ts";
import type { JobSpec, Receipt } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Execution } from "#runtime/execution.ts";
import type { Image } from "#runtime/image/image.ts";
import { openImage } from "#runtime/image/open-image.ts";
import type { Runtime } from "#runtime/runtime.ts";
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
  const image = await openImage(record.image, async (digest) => requireBlob(await store.blob(digest), digest));
  const jobs: JobVerdict[] = [];
  for (const [index, spec] of record.specs.entries()) {
    const request = requireBlob(await store.blob(spec.request), spec.request);
    const run = await rerun(runtime, image, spec, request, signal);
    jobs.push(compare(index, run, receipts[index]));
  }
  return { order: attempt.orderId, same: jobs.every(({ same }) => same), jobs };
}

function rerun(
  runtime: VerifyInput["runtime"],
  image: Image,
  spec: JobSpec,
  request: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Execution> {
  const { virtualTimeMillis, fuel, memoryPages, responseBytes } = spec;
  const invocation = {
    request,
    virtualTimeMillis,
    seed: hexToBytes(spec.seed),
    limits: { fuel, memoryPages, responseBytes },
  };
  return runtime.run(image, invocation, signal ? { signal } : {});
}

function compare(index: number, run: Execution, receipt: Receipt | undefined): JobVerdict {
  if (!receipt) return { index, same: false, difference: "there is no receipt" };
  const differences: [what: string, here: unknown, there: unknown][] = [
    ["outcome", run.outcome, receipt.outcome],
    ["response", digestOf(run.response), receipt.response],
    ...(["fuel", "memoryPages", "bytesIn", "bytesOut", "events"] as const).map((axis): [string, unknown, unknown] => [
      axis,
      run.usage[axis],
      receipt.usage[axis],
    ]),
  ];
  const found = differences.find(([, here, there]) => here !== there);
  if (!found) return { index, same: true };
  return { index, same: false, difference: `${found[0]} is ${found[1]} here, ${found[2]} in the receipt` };
}

function requireBlob(bytes: Uint8Array | undefined, digest: string): Uint8Array {
  if (bytes) return bytes;
  throw new ProtocolError("not-found", "blob-lost", `${digest} is no longer kept here.`, {
    hint: "Only jobs whose image and requests are kept can be run again.",
    context: { digest },
  });
}

function unanswered({ name }: JobRecord): ProtocolError {
  return new ProtocolError("conflict", "job-unanswered", `Job ${name} has no agreed answer to compare with.`, {
    hint: `Run mimik job resume ${name} first.`,
    context: { name },
  });
}
