// What working on orders needs, given by whoever composes the node.
import type { Logger } from "pino";
import type { TypedDataSigner } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { Amount, Digest, NodeId, UnixSeconds } from "#protocol/units.ts";
import type { Rates } from "#protocol/usage.ts";
import type { Execution, Invocation } from "#runtime/execution.ts";
import type { BlobStore } from "../store/blob-store.ts";
import type { StoreReader } from "../store/store-reader.ts";
import type { StoreWriter } from "../store/store-writer.ts";
import type { ChainView } from "./chain-view.ts";

/** Runs one job of the image with that digest; the image's blobs are read by `readBlob`. */
export type RunJob = (job: {
  readonly image: Digest;
  readonly readBlob: (digest: Digest) => Promise<Uint8Array>;
  readonly invocation: Invocation;
  readonly signal: AbortSignal;
}) => Promise<Execution>;

export interface OrderTerms {
  readonly rates: Rates;
  readonly slots: number;
  /** Live orders at most. */
  readonly queueOrders: number;
  /** Largest memory of one job, 64 KiB pages. */
  readonly memoryPages: number;
  /** What may be served in one lease before a voucher or a settlement covers it, base units. */
  readonly credit: Amount;
  readonly blobBytes: number;
  /** How long an answer is kept after its order's deadline, seconds. */
  readonly responseSeconds: number;
}

/** What the engine counts; the metrics page reads it. */
export interface OrderMeter {
  jobDone(outcome: string, fuel: bigint): void;
  hostFault(): void;
}

export interface OrderParts {
  readonly node: NodeId;
  readonly domain: ExchangeDomain;
  readonly signer: TypedDataSigner;
  readonly reader: StoreReader;
  readonly writer: StoreWriter;
  readonly blobs: BlobStore;
  readonly chain: ChainView;
  readonly runJob: RunJob;
  readonly terms: OrderTerms;
  readonly meter: OrderMeter;
  readonly log: Logger;
  readonly now: () => UnixSeconds;
}
