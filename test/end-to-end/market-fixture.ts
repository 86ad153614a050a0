// A local market of real programs for a test, some of its nodes with planted faults.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hex } from "viem";
import { openLane } from "#chain/transaction-lane.ts";
import { type LocalMarket, startLocalMarket } from "#cli/local-market/local-market.ts";
import { localPrograms } from "#cli/local-market/local-programs.ts";
import type { JobResult } from "#client/job-result.ts";
import type { JobTerms } from "#client/job-terms.ts";
import { type ClosedLease, closeEndedLeases } from "#client/lease/close-leases.ts";
import { type EndingLease, endLease } from "#client/lease/end-lease.ts";
import { rentLease } from "#client/rent-lease.ts";
import { openWorld, type RunInput, runJobs } from "#client/run-jobs.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import { packImage } from "#runtime/image/pack-image.ts";
import { createRuntime, type Runtime } from "#runtime/runtime.ts";
import { buildProgram, buildPrograms } from "#scripts/build-programs.ts";

/** Answers `{ hello: name }`; honest nodes agree on it. */
const HELLO = `export default { async fetch(request) { return Response.json({ hello: (await request.json()).name }); } };`;

export interface TestMarket extends AsyncDisposable {
  readonly market: LocalMarket;
  readonly directory: string;
  readonly runtime: Runtime;
  /** The image of HELLO. */
  readonly image: RunInput["image"];
  readonly imagePath: string;
  /** Waits until every node's offer stands and gives them by node index. */
  offers(): Promise<readonly Signed<Offer>[]>;
  /** Moves the chain's clock ahead; afterwards orders' deadlines are long past. */
  advance(seconds: number): Promise<void>;
  /** Those of the consumer's home, or of another one. */
  closeLeases(home?: string): Promise<readonly ClosedLease[]>;
  /** Rents all nodes. */
  rent(terms: JobTerms, durationSeconds: number): Promise<Hex>;
  /** Ends a rented lease before its time. */
  endLease(lease: Hex): Promise<ClosedLease | EndingLease>;
  /** Runs HELLO on the nodes with these indices and no others. */
  hello(nodes: readonly number[], options?: Partial<RunInput>): Promise<JobResult>;
}

/** One node for each fault; `none` is an honest node. */
export async function startTestMarket(faults: readonly string[]): Promise<TestMarket> {
  await buildPrograms();
  const faultyNode = await buildProgram("faulty-node", "test/end-to-end/faulty-node-main.ts");
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "mimik-market-"));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const market = stack.use(await startFaultyMarket(directory, faultyNode, faults));
  const runtime = stack.use(await createRuntime({ executors: 1 }));
  const imagePath = join(directory, "hello.js");
  await writeFile(imagePath, HELLO);
  const image = await packImage(imagePath);
  const consumer = market.accounts.consumer.account;
  const lane = stack.use(
    await openLane({
      chain: market.chain,
      account: consumer,
      journalPath: join(directory, "lane.sqlite"),
      pollMillis: 50,
    }),
  );
  const offers = () => standingOffers(market);
  const world = { chain: market.chain, lane, home: join(directory, "client") };
  const hello = async (nodes: readonly number[], options: Partial<RunInput> = {}) => {
    const standing = await offers();
    return runJobs({
      ...world,
      offers: nodes.map((index) => standing[index]).filter((offer) => offer !== undefined),
      wallet: consumer,
      image,
      requests: [helloRequest("world")],
      runtime,
      ...options,
    });
  };
  const closeLeases = async (home = world.home) => {
    const { ledger, store } = await openWorld({ ...world, home });
    return closeEndedLeases(ledger, store);
  };
  const rent = async (terms: JobTerms, durationSeconds: number) => {
    const input = { ...world, offers: await offers(), wallet: consumer, terms, durationSeconds, memoryPages: 256 };
    return (await rentLease(input)).record.lease;
  };
  const end = async (lease: Hex) => {
    const opened = await openWorld(world);
    return endLease(opened, await opened.store.lease(lease));
  };
  const advance = async (seconds: number) => {
    for (const [method, params] of [
      ["evm_increaseTime", [seconds]],
      ["evm_mine", []],
    ] as const) {
      await market.chain.client.request({ method, params } as never);
    }
  };
  const owned = stack.move();
  return {
    market,
    directory,
    runtime,
    image,
    imagePath,
    offers,
    hello,
    advance,
    closeLeases,
    rent,
    endLease: end,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Real programs all; the nodes with a fault planted in how they run jobs. */
function startFaultyMarket(directory: string, faultyNode: string, faults: readonly string[]): Promise<LocalMarket> {
  const programs = localPrograms();
  return startLocalMarket({
    directory: join(directory, "market"),
    ports: { chain: 0, marketplace: 0, nodes: 0 },
    nodes: faults.length,
    graceSeconds: 60,
    signal: new AbortController().signal,
    onStep: () => {},
    programs: {
      ...programs,
      node: (start) => {
        const { env = {} } = programs.node(start);
        return { args: [faultyNode], env: { ...env, MIMIK_TEST_FAULT: faults[start.index] ?? "none" } };
      },
    },
  });
}

export function helloRequest(name: string) {
  const body = new TextEncoder().encode(JSON.stringify({ name }));
  return { method: "POST", url: "/", headers: [["content-type", "application/json"]] as const, body };
}

async function standingOffers({ marketplace, nodes }: LocalMarket): Promise<readonly Signed<Offer>[]> {
  const client = httpMarketplaceClient(marketplace.url);
  const until = Date.now() + 20_000;
  for (;;) {
    const { rows } = await client.offers();
    const found = nodes.map(
      ({ node }) => rows.find(({ offer }) => offer.message.node === node && offer.message.slots > 0)?.offer,
    );
    const standing = found.filter((offer) => offer !== undefined);
    if (standing.length === nodes.length) return standing;
    if (Date.now() > until) throw new Error(`Only ${standing.length} of ${nodes.length} offers stand`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
