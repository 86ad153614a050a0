// From a microservice and its requests to a stored job: quoted, bid for and matched. Nothing is paid or locked yet.
import type { Address } from "viem";
import { digestOf } from "#protocol/digest.ts";
import { LIMITS } from "#protocol/limits.ts";
import type { RequestMessage } from "#protocol/message.ts";
import type { BlobDescriptor } from "#protocol/node-api.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { signingHash, signMessage, type TypedDataSigner } from "#protocol/signing.ts";
import type { ExecutionLimits } from "#runtime/execution.ts";
import type { PackedImage } from "#runtime/image/image.ts";
import { openImage } from "#runtime/image/open-image.ts";
import type { Runtime } from "#runtime/runtime.ts";
import { buildBid } from "../bid/build-bid.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { assureTerms } from "../confidence/assure-terms.ts";
import type { JobTerms } from "../job-terms.ts";
import { planJobs, type Quote, quoteJobs, totalUsage } from "../quote/quote.ts";
import { random32 } from "../random.ts";
import type { JobRecord } from "../store/job-record.ts";
import { jobName } from "./job-name.ts";
import { planAttempt, planInLease } from "./plan-attempt.ts";

export interface JobInput {
  /** The consumer's account: signs the bid. */
  readonly wallet: TypedDataSigner;
  readonly image: PackedImage;
  readonly requests: readonly RequestMessage[];
  readonly terms: JobTerms;
  /** Where jobs are quoted by running them; without it they are priced by their limits. */
  readonly runtime?: Pick<Runtime, "run"> | undefined;
  /** Names the execution rules that nodes must follow. */
  readonly runtimeId: string;
  /** What no job may exceed; the image's own wishes when absent. */
  readonly limits?: Partial<ExecutionLimits> | undefined;
  /** A rented lease to use instead of a new one. */
  readonly lease?: string | undefined;
  /** Wanted probability that the answer is right: decides replicas and quorum in place of the terms. */
  readonly confidence?: number | undefined;
}

/**
 * Quotes, bids and matches, and stores the job so that a resume can take it from here.
 * @throws `requests-missing`, `order-too-large`, `job-fails`, and as assureTerms and planAttempt
 */
export async function planJob(world: ClientWorld, input: JobInput): Promise<JobRecord> {
  const { ledger, store, clock, onProgress, signal } = world;
  const { confidence, wallet } = input;
  requireRequests(input.requests.length);
  const consumer = wallet.address.toLowerCase() as Address;
  const image = await openImage(
    input.image.digest,
    async (digest) => input.image.blobs.get(digest) ?? new Uint8Array(),
  );
  const run = { ...input, image, virtualTimeMillis: Math.floor(clock.now()), onProgress, signal };
  const quote = input.runtime ? await quoteJobs({ ...run, runtime: input.runtime }) : planJobs(run);
  if (input.runtime) onProgress({ step: "quoted", usage: totalUsage(quote.usage) });
  const blobs = await keepBlobs(world, input.image, quote);

  const assured = { ...input, consumer, image: image.digest, quote };
  const terms = confidence === undefined ? input.terms : await assureTerms(world, { ...assured, confidence });
  const now = unixSeconds(clock);
  const bidOf = { consumer, image: image.digest, runtime: input.runtimeId, terms, quote, salt: random32(), now };
  const bid = await signMessage(wallet, ledger.domain, "Bid", buildBid(bidOf));
  const statement = signingHash(ledger.domain, "Bid", bid.message);
  const withdrawal = await signMessage(wallet, ledger.domain, "Cancellation", { statement, signer: consumer });
  const plan = { bid, terms, quote, banned: [] };
  const attempt =
    input.lease === undefined
      ? await planAttempt(world, plan)
      : await planInLease(world, plan, await store.lease(input.lease));
  const quoted = quote.responses ? await Promise.all(quote.responses.map(store.saveBlob)) : null;
  const record: JobRecord = {
    version: 1,
    name: jobName(),
    createdAt: now,
    ...ledger.domain,
    consumer,
    marketplace: world.marketplace?.endpoint ?? null,
    image: image.digest,
    title: `${image.config.name} ${image.config.version}`.slice(0, 200),
    terms,
    specs: [...quote.jobs],
    usage: [...quote.usage],
    quoted,
    blobs: [...blobs],
    bid,
    withdrawal,
    attempts: [attempt],
    duplicateOf: null,
    state: "open",
    failure: null,
  };
  await store.saveJob(record);
  onProgress({ step: "planned", name: record.name });
  return record;
}

async function keepBlobs({ store }: ClientWorld, image: PackedImage, quote: Quote): Promise<readonly BlobDescriptor[]> {
  const bytes = new Map([...image.blobs.values(), ...quote.requests].map((blob) => [digestOf(blob), blob]));
  const total = [...bytes.values()].reduce((sum, blob) => sum + blob.length, 0);
  if (total > LIMITS.orderBlobBytes || bytes.size > LIMITS.orderBlobs) {
    const message = `The image and its ${quote.requests.length} requests have ${total} bytes in ${bytes.size} parts.`;
    throw new ProtocolError("too-large", "order-too-large", message, {
      hint: `Send at most ${LIMITS.orderBlobBytes} bytes and ${LIMITS.orderBlobs} parts in one order.`,
      context: { bytes: total, parts: bytes.size },
    });
  }
  for (const blob of bytes.values()) await store.saveBlob(blob);
  return [...bytes].map(([digest, { length: size }]) => ({ digest, size }));
}

function requireRequests(count: number): void {
  if (count > 0 && count <= LIMITS.orderJobs) return;
  throw new ProtocolError(
    "invalid",
    "requests-out-of-range",
    `An order has 1 to ${LIMITS.orderJobs} jobs, not ${count}.`,
    {
      hint: "Split the requests over several orders.",
      context: { count, limit: LIMITS.orderJobs },
    },
  );
}
