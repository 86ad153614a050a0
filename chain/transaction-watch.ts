// Decides what becomes of a signed call: looks for its receipt, sends it again when it was forgotten, prices it up when
// it is stuck, and says when its nonce went to another. It never signs a second nonce for a call.
import { setTimeout as sleep } from "node:timers/promises";
import type { TransactionReceipt } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { asChainCall } from "./chain-error.ts";
import type { Attempt, JournalEntry, LaneJournal } from "./lane-journal.ts";
import { CHAIN_LIMITS } from "./limits.ts";
import { broadcast, explainRevert, findReceipt, type Sender, signReplacement } from "./transaction-steps.ts";

export interface WatchOptions {
  readonly sender: Sender;
  readonly journal: LaneJournal;
  readonly stuckMillis: number;
  readonly pollMillis: number;
  /** How long receipts may lag behind nonces. */
  readonly lagMillis: number;
  readonly signal: AbortSignal;
  /** Told what stands in the way while the watch goes on. */
  readonly onTrouble: (error: ProtocolError) => void;
}

const FIRST_POLL_MILLIS = 40;

/**
 * Returns when the call of `key` is mined; waits out an endpoint that does not answer.
 * @throws the contract's refusal, `nonce-taken`, `receipt-missing`, the signal's reason
 */
export async function watchEntry(options: WatchOptions, key: string): Promise<TransactionReceipt> {
  const { sender, journal, signal, pollMillis, onTrouble } = options;
  const progress: Progress = { since: performance.now(), block: undefined, takenSince: undefined };
  let failures = 0;
  for (let pause = FIRST_POLL_MILLIS; ; pause = Math.min(pause * 1.5, pollMillis)) {
    signal.throwIfAborted();
    const entry = journal.find(key);
    if (!entry) throw new ProtocolError("internal", "journal-unusable", `The journal lost the call ${key}.`);
    try {
      const receipt = await findReceipt(sender.chain, entry.attempts);
      signal.throwIfAborted();
      if (receipt) return await conclude(options, entry, receipt);
      await nudge(options, entry, progress);
      failures = 0;
    } catch (error) {
      if (!(error instanceof ProtocolError) || !PASSING.has(error.code)) throw error;
      failures += 1;
      if (failures >= CHAIN_LIMITS.lanePollsUntilTrouble) onTrouble(error);
    }
    await sleep(pause, undefined, { signal });
  }
}

/** What may heal without a change of the transaction. */
const PASSING: ReadonlySet<string> = new Set(["chain-unreachable", "gas-unfunded"]);

interface Progress {
  /** When the newest attempt was sent, as far as this run knows; monotonic milliseconds. */
  since: number;
  /** The chain's height then. */
  block: bigint | undefined;
  /** Since when the nonce is used and no receipt is there. */
  takenSince: number | undefined;
}

async function conclude(
  { sender, journal }: WatchOptions,
  entry: JournalEntry,
  receipt: TransactionReceipt,
): Promise<TransactionReceipt> {
  if (receipt.status === "success") {
    if (!entry.succeeded) journal.succeed(entry.key);
    return receipt;
  }
  const mined = entry.attempts.find(({ hash }) => hash === receipt.transactionHash) as Attempt;
  const reason = await explainRevert(sender, mined, entry.name, receipt);
  journal.drop(entry.key);
  throw reason;
}

/** One look at a call that has no receipt yet, and what it needs. */
async function nudge(options: WatchOptions, entry: JournalEntry, progress: Progress): Promise<void> {
  const { sender, journal, signal, stuckMillis, lagMillis } = options;
  const { client, settings } = sender.chain;
  const address = sender.account.address;
  const [used, height] = await asChainCall(settings.rpcUrl, "the account's nonce", () =>
    Promise.all([client.getTransactionCount({ address, blockTag: "latest" }), client.getBlockNumber()]),
  );
  signal.throwIfAborted();
  if (used > entry.nonce) {
    progress.takenSince ??= performance.now();
    // Too soon would be a second payment: an endpoint behind a balancer may know the nonce and not yet the receipt.
    if (performance.now() - progress.takenSince >= lagMillis) giveUp(journal, entry);
    return;
  }
  progress.takenSince = undefined;
  progress.block ??= height;
  const newest = entry.attempts.at(-1) as Attempt;
  if (newest.raw === "0x") throw receiptMissing(entry);
  if (entry.succeeded) journal.reopen(entry.key);
  if (!(await isPooled(options, newest))) await broadcast(sender.chain, newest, entry.name);
  const isNext = used === entry.nonce;
  const isStuck = height > progress.block && performance.now() - progress.since >= stuckMillis;
  if (isNext && isStuck && entry.attempts.length <= CHAIN_LIMITS.laneReplacements) {
    await replace(options, entry);
    progress.since = performance.now();
    progress.block = height;
  }
}

/** Prices the call up; an account that cannot pay more keeps the attempt that it has. */
async function replace({ sender, journal, signal }: WatchOptions, entry: JournalEntry): Promise<void> {
  try {
    const replacement = await signReplacement(sender, entry);
    signal.throwIfAborted();
    journal.addAttempt(entry.key, replacement);
    await broadcast(sender.chain, replacement, entry.name);
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== "gas-unfunded") throw error;
  }
}

async function isPooled({ sender }: WatchOptions, { hash }: Attempt): Promise<boolean> {
  try {
    await sender.chain.client.getTransaction({ hash });
    return true;
  } catch {
    return false;
  }
}

function giveUp(journal: LaneJournal, entry: JournalEntry): never {
  if (entry.succeeded) throw receiptMissing(entry);
  journal.drop(entry.key);
  throw new ProtocolError(
    "conflict",
    "nonce-taken",
    `Another program used nonce ${entry.nonce} of this account; ${entry.name} was not carried out.`,
    {
      hint: "Try again, and send with this account from one program at a time.",
      context: { key: entry.key, nonce: entry.nonce },
      retryable: true,
    },
  );
}

function receiptMissing({ key, name, attempts }: JournalEntry): ProtocolError {
  return new ProtocolError("not-found", "receipt-missing", `${name} was mined, and the chain no longer shows how.`, {
    hint: "Read the contract's state, or use an endpoint that keeps receipts.",
    context: { key, transaction: attempts.at(-1)?.hash ?? null },
  });
}
