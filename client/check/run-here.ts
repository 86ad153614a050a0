// Runs jobs of a stored record on this machine, in the same runtime as the nodes'. What comes out is what every honest
// node attests.
import { hexToBytes } from "viem";
import { digestOf } from "#protocol/digest.ts";
import type { JobSpec, Receipt } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { openImage } from "#runtime/image/open-image.ts";
import type { Runtime } from "#runtime/runtime.ts";
import type { ClientStore } from "../store/client-store.ts";
import type { JobRecord } from "../store/job-record.ts";

export interface RunHereInput {
  readonly store: Pick<ClientStore, "blob">;
  readonly runtime: Pick<Runtime, "run">;
  readonly record: Pick<JobRecord, "image" | "specs">;
  /** Indices of the jobs. */
  readonly jobs: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** One receipt for each of `jobs`, by its index. @throws `blob-lost`, and whatever the runtime throws */
export async function runHere(input: RunHereInput): Promise<ReadonlyMap<number, Receipt>> {
  const { store, runtime, record, jobs, signal } = input;
  const receipts = new Map<number, Receipt>();
  if (jobs.length === 0) return receipts;
  const image = await openImage(record.image, async (digest) => requireBlob(await store.blob(digest), digest));
  for (const index of jobs) {
    const spec = record.specs[index];
    if (!spec) continue;
    const request = requireBlob(await store.blob(spec.request), spec.request);
    const run = await runtime.run(image, invocationOf(spec, request), signal ? { signal } : {});
    const { outcome, usage } = run;
    receipts.set(index, { request: spec.request, outcome, response: digestOf(run.response), usage });
  }
  return receipts;
}

function invocationOf({ virtualTimeMillis, seed, fuel, memoryPages, responseBytes }: JobSpec, request: Uint8Array) {
  return { request, virtualTimeMillis, seed: hexToBytes(seed), limits: { fuel, memoryPages, responseBytes } };
}

function requireBlob(bytes: Uint8Array | undefined, digest: string): Uint8Array {
  if (bytes) return bytes;
  throw new ProtocolError("not-found", "blob-lost", `${digest} is no longer kept here.`, {
    hint: "Only jobs whose image and requests are kept can be run again.",
    context: { digest },
  });
}
