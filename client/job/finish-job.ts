// Takes a stored job from wherever it stands to its end.
import { ProtocolError, toProblem } from "#protocol/protocol-error.ts";
import type { NodeId } from "#protocol/units.ts";
import type { ClientWorld } from "../client-world.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import type { Quote } from "../quote/quote.ts";
import { currentAttempt, type JobRecord } from "../store/job-record.ts";
import { ensureAnswers, ensureCommitments, ensureLease, ensureOrder, type Step } from "./attempt-steps.ts";
import { checkAnswers, payDuplicate } from "./check-attempt.ts";
import { ensurePayment } from "./pay-attempt.ts";
import { payBefore } from "./pay-before.ts";
import { planAttempt } from "./plan-attempt.ts";
import { isWithoutAnswer, takePublished } from "./take-published.ts";

const TO_ANSWERS: readonly Step[] = [ensureLease, payBefore, ensureOrder, ensureCommitments, ensureAnswers];
const STEPS: readonly Step[] = [
  ...TO_ANSWERS,
  ensurePayment(checkAnswers(finishDuplicate)),
  payDuplicate(finishDuplicate),
];

export interface FinishOptions {
  /** Whether a committee that finds no quorum may be followed by another one. A resumed job opens no second lease. */
  readonly rerun: boolean;
  /** Where to stop; at its payment unless told. */
  readonly until?: "answers" | undefined;
}

/**
 * The settled record, or one with answers. A failure that time may heal leaves the job open for a resume; any other is
 * stored with it.
 * @throws `no-quorum`, `answer-wrong`, `order-late`, `response-withheld`, `answer-unpublished`, `chain-unreachable`, the
 * contract's refusals
 */
export async function finishJob(
  world: ClientWorld,
  planned: JobRecord,
  { rerun, until }: FinishOptions,
): Promise<JobRecord> {
  if (planned.state === "settled") return planned;
  let record = planned;
  for (;;) {
    try {
      for (const step of until ? TO_ANSWERS : STEPS) {
        world.signal.throwIfAborted();
        record = await step(world, record);
      }
      if (!until) await withdrawBid(world, record);
      return record;
    } catch (error) {
      // The step stored more than it returned.
      record = await world.store.job(record.name);
      const published = isWithoutAnswer(error) ? await lookForPublished(world, record) : undefined;
      if (published) {
        await withdrawBid(world, published);
        return published;
      }
      const next = rerun && isNoQuorum(error) ? await planNext(world, record) : undefined;
      if (!next) {
        await storeFailure(world, record, error);
        throw error;
      }
      record = next;
    }
  }
}

async function lookForPublished(world: ClientWorld, record: JobRecord): Promise<JobRecord | undefined> {
  try {
    return await takePublished(world, record);
  } catch (error) {
    await storeFailure(world, record, error);
    throw error;
  }
}

/** A job that checks another one: no third committee follows it. */
async function finishDuplicate(world: ClientWorld, name: string, until?: "answers"): Promise<void> {
  using _lock = await world.store.lockJob(name);
  const record = await world.store.job(name);
  if (record.state === "open") await finishJob(world, record, { rerun: false, until });
}

/** The job with one more attempt without those that failed it; undefined when there is no other committee for it. */
async function planNext(world: ClientWorld, record: JobRecord): Promise<JobRecord | undefined> {
  const attempt = currentAttempt(record);
  if (!attempt.ownLease || record.attempts.length >= CLIENT_LIMITS.attempts) return undefined;
  const banned = [...new Set(record.attempts.flatMap(({ faults }) => faults.map(({ node }): NodeId => node)))];
  // With nobody to leave out the same committee would fail in the same way.
  if (banned.length === 0) return undefined;
  const quote = await quoteOf(world, record);
  try {
    const next = await planAttempt(world, { bid: record.bid, terms: record.terms, quote, banned });
    world.onProgress({ step: "rerun", banned });
    const extended = { ...record, attempts: [...record.attempts, next] };
    await world.store.saveJob(extended);
    return extended;
  } catch (error) {
    world.signal.throwIfAborted();
    // That there is nobody else is less worth telling than why those that there were have failed.
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

async function quoteOf({ store }: ClientWorld, record: JobRecord): Promise<Quote> {
  const blobs = await Promise.all(record.specs.map(({ request }) => store.blob(request)));
  const requests = blobs.map((blob) => blob ?? new Uint8Array());
  const measured = record.quoted && (await Promise.all(record.quoted.map((digest) => store.blob(digest))));
  const responses = measured?.map((blob) => blob ?? new Uint8Array());
  return { jobs: record.specs, requests, usage: record.usage, ...(responses && { responses }) };
}

async function storeFailure(world: ClientWorld, record: JobRecord, error: unknown): Promise<void> {
  const { store, signal } = world;
  if (signal.aborted || !(error instanceof ProtocolError)) return;
  if (error.retryable || error.category === "internal" || error.category === "cancelled") return;
  await store.saveJob({ ...record, state: "failed", failure: toProblem(error) });
  await withdrawBid(world, record);
}

/** So that the book shows no demand that is served. A bid that stays there does no harm and expires. */
async function withdrawBid({ marketplace, signal }: ClientWorld, record: JobRecord): Promise<void> {
  // Another marketplace than the one that has the bid would only refuse.
  if (!marketplace || !currentAttempt(record).ownLease || marketplace.endpoint !== record.marketplace) return;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(CLIENT_LIMITS.courtesyMillis)]);
  await marketplace.cancel(record.withdrawal, { signal: patience }).catch(() => {});
}

function isNoQuorum(error: unknown): boolean {
  return error instanceof ProtocolError && error.code === "no-quorum";
}
