// The consumer's whole way in one call: quote, bid, match, lease, order, check, pay. It prints nothing and keeps
// everything it needs to go on after a crash under `home`.
import type { Chain } from "#chain/connect.ts";
import { httpMarketplaceClient, type MarketplaceClient } from "#mesh/marketplace-client.ts";
import { httpNodeClient, type NodeClient } from "#mesh/node-client.ts";
import type { RequestMessage } from "#protocol/message.ts";
import { fromProblem, ProtocolError } from "#protocol/protocol-error.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import type { TypedDataSigner } from "#protocol/signing.ts";
import type { ExecutionLimits } from "#runtime/execution.ts";
import type { PackedImage } from "#runtime/image/image.ts";
import type { Runtime } from "#runtime/runtime.ts";
import { RUNTIME_ID } from "#runtime/runtime-id.ts";
import type { ClientWorld } from "./client-world.ts";
import { type Clock, systemClock } from "./clock.ts";
import { checkWithoutRuntime } from "./job/check-attempt.ts";
import { finishJob } from "./job/finish-job.ts";
import { planJob } from "./job/plan-job.ts";
import { type JobResult, jobResultOf } from "./job-result.ts";
import { type JobTerms, jobTerms } from "./job-terms.ts";
import { closeEndedLeases } from "./lease/close-leases.ts";
import type { Ledger } from "./ledger.ts";
import type { OnProgress } from "./progress.ts";
import { chainLedger, type Sender } from "./settle/chain-ledger.ts";
import { type ClientStore, openClientStore } from "./store/client-store.ts";
import type { JobRecord } from "./store/job-record.ts";
import { payingLeases, payLease } from "./vouchers/pay-lease.ts";

/** Where the work is done, the same for new and resumed jobs. */
export interface WorldInput {
  readonly chain: Chain;
  /** The wallet's transactions. */
  readonly lane: Sender;
  /** Folder of the consumer's jobs, leases and blobs. */
  readonly home: string;
  /** A marketplace, or its base URL. */
  readonly marketplace?: MarketplaceClient | string | undefined;
  /** Offers from elsewhere; with them no marketplace is asked. */
  readonly offers?: readonly Signed<Offer>[] | undefined;
  /** Where answers are checked that no quote has given: for new jobs that want it, and for resumed ones. */
  readonly checkRuntime?: Pick<Runtime, "run"> | undefined;
  readonly connectNode?: (endpoint: string) => NodeClient;
  readonly clock?: Clock;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RunInput extends WorldInput {
  /** The consumer's account: signs the bid, funds the lease. */
  readonly wallet: TypedDataSigner;
  readonly image: PackedImage;
  readonly requests: readonly RequestMessage[];
  /** Quotes by running the jobs here; without it the budget bounds what they may cost. */
  readonly runtime?: Pick<Runtime, "run"> | undefined;
  readonly limits?: Partial<ExecutionLimits> | undefined;
  /** A rented lease to use instead of a new one. */
  readonly lease?: string | undefined;
  /** Wanted probability that the answer is right, such as 0.99: decides replicas and quorum in place of the options. */
  readonly confidence?: number | undefined;
  readonly options?: { readonly [Name in keyof JobTerms]?: JobTerms[Name] | undefined };
}

/**
 * Runs jobs on a committee and pays those that agree.
 * @throws `job-fails`, `committee-too-small`, `budget-too-small`, `account-underfunded`, `no-quorum`, `answer-wrong`,
 * `order-late`, `check-without-runtime`, …
 */
export async function runJobs(input: RunInput): Promise<JobResult> {
  const terms = jobTerms(input.options);
  if (terms.check && !input.runtime && !input.checkRuntime) throw checkWithoutRuntime();
  const world = await openWorld(input);
  await bringHome(world);
  await world.store.prune();
  const planned = await planJob(world, { ...input, terms, runtimeId: RUNTIME_ID });
  return finishLocked(world, planned.name, true);
}

/**
 * Takes an interrupted job to its end: no second lease, no second settlement, no lost answer.
 * @param reference the job's name or the start of its order's id
 * @throws `job-unknown`, `job-in-progress`, `job-of-other-exchange`, and as runJobs
 */
export async function resumeJob(input: WorldInput, reference: string): Promise<JobResult> {
  const world = await openWorld(input);
  const { name } = await world.store.job(reference);
  return finishLocked(world, name, false);
}

export interface ResumedJob {
  readonly name: string;
  readonly outcome: JobResult | Error;
}

/** Resumes every open job of this exchange, one after the other, pays what leases owe, and closes ended ones. */
export async function resumeJobs(input: WorldInput): Promise<readonly ResumedJob[]> {
  const world = await openWorld(input);
  const { exchange, chainId } = world.ledger.domain;
  const open = (await world.store.jobs()).filter(
    (job) => job.state === "open" && job.exchange === exchange && job.chainId === chainId,
  );
  const resumed: ResumedJob[] = [];
  for (const { name } of open) {
    const outcome = await finishLocked(world, name, false).catch((error: unknown) => {
      world.signal.throwIfAborted();
      return error instanceof Error ? error : new Error(String(error));
    });
    resumed.push({ name, outcome });
  }
  await payOwed(world);
  await bringHome(world);
  return resumed;
}

/** The world of a command that only reads or closes. */
export async function openWorld(input: WorldInput): Promise<ClientWorld & { ledger: Ledger; store: ClientStore }> {
  const { marketplace, offers, signal = new AbortController().signal } = input;
  return {
    ledger: chainLedger(input.chain, input.lane, signal),
    store: await openClientStore(input.home),
    connectNode: input.connectNode ?? httpNodeClient,
    marketplace: typeof marketplace === "string" ? httpMarketplaceClient(marketplace) : marketplace,
    offers,
    checkRuntime: input.checkRuntime,
    clock: input.clock ?? systemClock,
    signal,
    onProgress: input.onProgress ?? (() => {}),
  };
}

async function finishLocked(world: ClientWorld, name: string, rerun: boolean): Promise<JobResult> {
  using _lock = await world.store.lockJob(name);
  const record = await world.store.job(name);
  requireSameExchange(world, record);
  const failure = fromProblem(record.failure);
  if (failure) throw failure;
  return jobResultOf(world.store, await finishJob(world, record, { rerun }));
}

/** What one lease owes and cannot pay now must not keep the others from paying. */
async function payOwed(world: ClientWorld): Promise<void> {
  for (const record of await payingLeases(world)) {
    await payLease(world, record).catch(() => world.signal.throwIfAborted());
  }
}

/** Remainders of earlier leases. A chain that cannot close them now will another time. */
async function bringHome({ ledger, store, signal }: ClientWorld): Promise<void> {
  await closeEndedLeases(ledger, store).catch(() => signal.throwIfAborted());
}

function requireSameExchange({ ledger }: ClientWorld, { name, chainId, exchange }: JobRecord): void {
  if (chainId === ledger.domain.chainId && exchange === ledger.domain.exchange) return;
  throw new ProtocolError(
    "conflict",
    "job-of-other-exchange",
    `Job ${name} belongs to ${exchange} on chain ${chainId}.`,
    {
      hint: "Name that chain and exchange.",
      context: { name, chainId, exchange },
    },
  );
}
