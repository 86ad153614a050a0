// A consumer, its money, and nodes of different owners, all in memory.
import type { Address, Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { ClientWorld } from "#client/client-world.ts";
import { unixSeconds } from "#client/clock.ts";
import { finishJob } from "#client/job/finish-job.ts";
import { type JobInput, planJob } from "#client/job/plan-job.ts";
import { type JobResult, jobResultOf } from "#client/job-result.ts";
import { type JobTerms, jobTerms } from "#client/job-terms.ts";
import { newLease } from "#client/lease/lease-terms.ts";
import type { JobProgress } from "#client/progress.ts";
import { type LeaseRecord, newLeaseRecord } from "#client/store/lease-record.ts";
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import { digestOf } from "#protocol/digest.ts";
import { compareNodes } from "#protocol/order.ts";
import type { Cancellation, Signed } from "#protocol/signed-messages.ts";
import type { Digest } from "#protocol/units.ts";
import {
  ARTIFACT_TYPE,
  CONFIG_MEDIA_TYPE,
  JAVASCRIPT_MEDIA_TYPE,
  MANIFEST_MEDIA_TYPE,
  type PackedImage,
} from "#runtime/image/image.ts";
import { encodeConfig, encodeManifest } from "#runtime/image/image-document.ts";
import { fakeClock } from "./fake-clock.ts";
import { type FakeLedger, fakeLedger } from "./fake-ledger.ts";
import { type Behaviour, FakeNode, honestExecution, RATES } from "./fake-node.ts";
import { type MemoryStore, memoryStore } from "./memory-store.ts";

const RUNTIME = "test-runtime/1";
const wallet = privateKeyToAccount(`0x${"11".repeat(32)}`);

/** What a test may want otherwise. */
export type Way = Partial<Pick<JobInput, "confidence" | "lease" | "runtime">>;

export interface FakeMarket {
  readonly world: ClientWorld;
  readonly ledger: FakeLedger;
  readonly store: MemoryStore;
  readonly nodes: readonly FakeNode[];
  readonly progress: JobProgress[];
  /** Statements that the marketplace was told no longer stand. */
  readonly cancelled: Hex[];
  /** Plans and finishes a job of one request for each body. */
  run(bodies?: readonly string[], terms?: Partial<JobTerms>, way?: Way): Promise<JobResult>;
  /** A lease of all nodes, paid by vouchers. */
  rent(amount?: bigint): Promise<LeaseRecord>;
  /** What a new process would do with the open jobs. */
  resume(): Promise<readonly JobResult[]>;
}

/** @param jobRates of each node, base units a job, where they differ */
export async function fakeMarket(
  behaviours: readonly Behaviour[],
  jobRates: readonly bigint[] = [],
): Promise<FakeMarket> {
  const clock = fakeClock();
  const ledger = fakeLedger(clock);
  const store = memoryStore();
  const nodes = await Promise.all(
    behaviours.map((behaviour, index) => {
      const rates = { ...RATES, job: jobRates[index] ?? RATES.job };
      return FakeNode.make({ clock, index, behaviour, runtime: RUNTIME, exchange: ledger, rates });
    }),
  );
  for (const { node, offer } of nodes) ledger.owners.set(node, offer.owner);
  const progress: JobProgress[] = [];
  const cancelled: Hex[] = [];
  // Offers are given, so that nothing else of it is asked.
  const marketplace = {
    endpoint: "http://market.test",
    cancel: async ({ message }: Signed<Cancellation>) => {
      cancelled.push(message.statement);
      return true;
    },
  } as MarketplaceClient;
  const world: ClientWorld = {
    ledger,
    store,
    connectNode: (endpoint) => nodes.find((node) => node.endpoint === endpoint) as FakeNode,
    marketplace,
    offers: nodes.map(({ signedOffer }) => signedOffer),
    checkRuntime: { run: async (_image, { request }) => honestExecution(request) },
    clock,
    signal: new AbortController().signal,
    onProgress: (event) => progress.push(event),
  };
  const image = testImage();
  return {
    world,
    ledger,
    store,
    nodes,
    progress,
    cancelled,
    rent: (amount = 1_000_000n) => rentLease(world, nodes, amount),
    run: async (bodies = ["hello"], terms = {}, way = {}) => {
      const planned = await planJob(world, {
        wallet,
        image,
        requests: bodies.map((body) => ({
          method: "POST",
          url: "/",
          headers: [],
          body: new TextEncoder().encode(body),
        })),
        terms: jobTerms(terms),
        runtime: { run: async (_image, { request }) => honestExecution(request) },
        runtimeId: RUNTIME,
        ...way,
      });
      using _lock = await store.lockJob(planned.name);
      return await jobResultOf(store, await finishJob(world, planned, { rerun: true }));
    },
    resume: async () => {
      const open = (await store.jobs()).filter(({ state }) => state === "open");
      return Promise.all(
        open.map(async (record) => jobResultOf(store, await finishJob(world, record, { rerun: false }))),
      );
    },
  };
}

async function rentLease(world: ClientWorld, nodes: readonly FakeNode[], amount: bigint): Promise<LeaseRecord> {
  const { ledger, store, clock } = world;
  const committee = nodes.toSorted((a, b) => compareNodes(a.node, b.node)).map(({ signedOffer }) => signedOffer);
  const members = committee.map(({ message }) => message.node);
  const { terms, sessionKey } = newLease(wallet.address.toLowerCase() as Address, members);
  const now = unixSeconds(clock);
  const record = newLeaseRecord({
    ...ledger.domain,
    terms: { ...terms, nodes: members },
    sessionKey,
    committee,
    amount,
    expiry: now + 3_600,
    use: "rented",
    createdAt: now,
  });
  await store.saveLease(record);
  await ledger.openLease(record.terms, record.lease, amount, record.expiry);
  return record;
}

/** Of the form of an image; its program is never run. */
export function testImage(): PackedImage {
  const layer = new TextEncoder().encode("export default {}");
  const config = encodeConfig({
    kind: "javascript",
    name: "shout",
    version: "1.0.0",
    limits: { fuel: 2_000_000n, memoryPages: 64, responseBytes: 65_536 },
    runtime: { meteringVersion: 1, engineDigest: digestOf(layer) },
    arguments: [],
    environment: {},
  });
  const describe = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = encodeManifest({
    schemaVersion: 2,
    mediaType: MANIFEST_MEDIA_TYPE,
    artifactType: ARTIFACT_TYPE,
    config: describe(CONFIG_MEDIA_TYPE, config),
    layers: [describe(JAVASCRIPT_MEDIA_TYPE, layer)],
    annotations: {},
  });
  const blobs = new Map<Digest, Uint8Array>([layer, config, manifest].map((bytes) => [digestOf(bytes), bytes]));
  return { digest: digestOf(manifest), blobs };
}
