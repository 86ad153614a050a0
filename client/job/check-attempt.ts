// What is done between the answers and the payment: some of the order's jobs are checked against an answer that the
// committee did not give. Which ones is drawn here, when every node has attested, so that nothing a node saw could depend
// on it.
import { drawChecks, receiptDifference } from "#protocol/answer-check.ts";
import type { Receipt } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Agreement } from "../check/find-agreement.ts";
import { runHere } from "../check/run-here.ts";
import type { ClientWorld } from "../client-world.ts";
import { randomShare } from "../random.ts";
import { type AnswerCheck, currentAttempt, type JobRecord, withAttempt } from "../store/job-record.ts";
import { type Wrong, wrongAnswer } from "./answer-wrong.ts";
import { type Step, saved } from "./attempt-steps.ts";
import { agreementOf } from "./check-context.ts";
import { jobName } from "./job-name.ts";
import { planDuplicate } from "./plan-duplicate.ts";

/** Takes a stored job to its end, whatever that is, or to its answers. */
export type FinishByName = (world: ClientWorld, name: string, until?: "answers") => Promise<void>;

/** The record, once the answers on which the quorum agrees are found right as far as they are checked. */
export type CheckAnswers = (world: ClientWorld, record: JobRecord, agreement: Agreement) => Promise<JobRecord>;

/**
 * Compares all answers that a quote has run here, and otherwise the share that the terms want.
 * @throws `answer-wrong`, `check-without-runtime`, and whatever the runtime throws
 */
export function checkAnswers(finish: FinishByName): CheckAnswers {
  return async (world, record, agreement) => {
    const { settlement, voucher, check } = currentAttempt(record);
    const told = agreement.agreed[0]?.receipts;
    // What is authorised already was checked before.
    if (settlement || voucher || check?.passed || !told) return record;
    const drawn = record.quoted || record.duplicateOf ? record : await withDrawnChecks(world, record);
    const wrong = await findWrong(world, drawn, told, finish);
    // Who gave the known answer in the end was stored meanwhile.
    const latest = currentAttempt(drawn).check ? await world.store.job(record.name) : drawn;
    if (wrong) {
      const error = await wrongAnswer(world, latest, agreement, wrong);
      await payDuplicate(finish)(world, latest);
      throw error;
    }
    return await passed(world, latest);
  };
}

/** Pays the committee that gave the known answer, after the one that was checked: its absent nodes hold up nobody else. */
export function payDuplicate(finish: FinishByName): Step {
  return async (world, record) => {
    const name = currentAttempt(record).check?.duplicate;
    if (name) await finish(world, name).catch((error: unknown) => unlessRefused(world, error));
    return record;
  };
}

/** For SDK and resumed jobs alike: the job is left open until there is one. */
export function checkWithoutRuntime(): ProtocolError {
  return new ProtocolError("conflict", "check-without-runtime", "Answers are to be checked, and no runtime is given.", {
    hint: "Give checkRuntime, where the checked jobs can be run.",
    retryable: true,
  });
}

/** The draw is stored before anything is run: a crash gives no second one. */
async function withDrawnChecks(world: ClientWorld, record: JobRecord): Promise<JobRecord> {
  const { check: wish } = record.terms;
  if (!wish || currentAttempt(record).check) return record;
  const jobs = [...drawChecks(record.specs.length, wish.share, randomShare)];
  const duplicate = wish.by === "committee" && jobs.length > 0 ? jobName() : null;
  return saved(world, withAttempt(record, { check: { jobs, by: wish.by, duplicate, passed: jobs.length === 0 } }));
}

async function passed(world: ClientWorld, record: JobRecord): Promise<JobRecord> {
  const { check } = currentAttempt(record);
  if (!check || check.passed) return record;
  world.onProgress({ step: "checked", jobs: check.jobs.length });
  return saved(world, withAttempt(record, { check: { ...check, passed: true } }));
}

async function findWrong(
  world: ClientWorld,
  record: JobRecord,
  told: readonly Receipt[],
  finish: FinishByName,
): Promise<Wrong | undefined> {
  if (record.quoted) return firstWrong(quotedReceipts(record), told);
  const every = record.specs.map((_, index) => index);
  // Two committees may differ: then this machine says which one is right.
  if (record.duplicateOf)
    return runAndCompare(world, record, told, differing(every, record.duplicateOf.receipts, told));
  const { check } = currentAttempt(record);
  if (!check || check.jobs.length === 0) return undefined;
  const { by, jobs } = check;
  world.onProgress({ step: "checking", by, jobs: jobs.length, of: every.length });
  const others = by === "committee" ? await askOthers(world, record, check, told, finish) : undefined;
  return runAndCompare(world, record, told, others ? differing(jobs, others, told) : jobs);
}

/** What the quote's own run gave; jobs that fail are not quoted. */
function quotedReceipts({ specs, quoted, usage }: JobRecord): ReadonlyMap<number, Receipt> {
  const receipts = new Map<number, Receipt>();
  for (const [index, { request }] of specs.entries()) {
    const [response, used] = [quoted?.[index], usage[index]];
    if (response && used) receipts.set(index, { request, outcome: "ok", response, usage: used });
  }
  return receipts;
}

/**
 * The other committee's receipts of the checked jobs, in their order. Undefined when it has none: then the check goes on
 * by the own run, and that is stored.
 */
async function askOthers(
  world: ClientWorld,
  record: JobRecord,
  check: AnswerCheck,
  told: readonly Receipt[],
  finish: FinishByName,
): Promise<readonly Receipt[] | undefined> {
  const { duplicate: name, jobs } = check;
  if (name === null) return undefined;
  try {
    const checked = jobs.flatMap((index) => told[index] ?? []);
    await planDuplicate(world, record, { name, jobs, receipts: checked });
    await finish(world, name, "answers");
    const { agreed, quorum } = await agreementOf(await world.store.job(name));
    const receipts = quorum ? agreed[0]?.receipts : undefined;
    if (receipts) return receipts;
    throw new ProtocolError("job-failed", "no-quorum", "The other committee finds no quorum.");
  } catch (error) {
    unlessRefused(world, error);
    const reason = error instanceof Error ? error.message : String(error);
    world.onProgress({ step: "checking-alone", reason });
    const alone: AnswerCheck = { ...check, by: "self", duplicate: null };
    await saved(world, withAttempt(record, { check: alone }));
    return undefined;
  }
}

/** Refusals and failures of the other committee end nothing here; a stop or a bug does. */
function unlessRefused({ signal }: ClientWorld, error: unknown): void {
  signal.throwIfAborted();
  if (!(error instanceof ProtocolError)) throw error;
}

/** Of `jobs`, those of which others say something else; `others` has one receipt for each of `jobs`. */
function differing(jobs: readonly number[], others: readonly Receipt[], told: readonly Receipt[]): readonly number[] {
  return jobs.filter((job, index) => {
    const other = others[index];
    return !other || receiptDifference(other, told[job]) !== undefined;
  });
}

async function runAndCompare(
  { store, checkRuntime: runtime, signal }: ClientWorld,
  record: JobRecord,
  told: readonly Receipt[],
  jobs: readonly number[],
): Promise<Wrong | undefined> {
  if (jobs.length === 0) return undefined;
  if (!runtime) throw checkWithoutRuntime();
  return firstWrong(await runHere({ store, runtime, record, jobs, signal }), told);
}

function firstWrong(own: ReadonlyMap<number, Receipt>, told: readonly Receipt[]): Wrong | undefined {
  for (const [job, receipt] of own) {
    const difference = receiptDifference(receipt, told[job]);
    if (difference !== undefined) return { job, own: receipt, difference };
  }
  return undefined;
}
