// Decides in which order an account's transactions are signed, and that each key is carried out at most once, whatever
// dies in between. It never builds a call and never judges one.
import { setTimeout as sleep } from "node:timers/promises";
import { concatHex, type Hex, keccak256, type LocalAccount, type TransactionReceipt } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ContractCall } from "./calls.ts";
import { asChainCall } from "./chain-error.ts";
import type { Chain } from "./connect.ts";
import { type LaneJournal, openJournal } from "./lane-journal.ts";
import { CHAIN_LIMITS } from "./limits.ts";
import { broadcast, findReceipt, planCall, signCall } from "./transaction-steps.ts";
import { watchEntry } from "./transaction-watch.ts";

export interface LaneOptions {
  readonly chain: Chain;
  readonly account: LocalAccount;
  /** A file of this account alone; its folder is made when missing. */
  readonly journalPath: string;
  /** After so long without being mined, while blocks go by, a transaction is priced up; 60,000 unless told. */
  readonly stuckMillis?: number;
  /** Longest pause between two looks for a receipt; 2,000 unless told. */
  readonly pollMillis?: number;
  /** How long the endpoint may know a used nonce and not yet the receipt; 30,000 unless told. */
  readonly lagMillis?: number;
}

export interface SentCall {
  readonly hash: Hex;
  readonly receipt: TransactionReceipt;
}

/** One account's way to the chain. */
export interface TransactionLane extends AsyncDisposable {
  /**
   * Carries out `call` and returns when it is mined. The same key again gives the same transaction's receipt, in this
   * run or a later one; after a revert or a refusal the key is free again. `signal` ends the wait, not the transaction.
   * @throws the contract's refusal, `gas-unfunded`, `chain-unreachable`, `lane-key-malformed`, `key-reused`, `nonce-taken`, `receipt-missing`, `lane-full`,
   * `lane-closed`
   */
  send(key: string, call: ContractCall, options?: SendOptions): Promise<SentCall>;
}

export interface SendOptions {
  readonly signal?: AbortSignal;
  /** Another call that the key stands for already counts as this one: what is on its way is gone on with. */
  readonly orEarlier?: boolean;
}

/**
 * Opens the account's lane and goes on with whatever an earlier run left unfinished.
 * @throws `journal-in-use`, `journal-mismatch`, `journal-unusable`
 */
export async function openLane(options: LaneOptions): Promise<TransactionLane> {
  const { chain, account, journalPath } = options;
  const identity = { account: account.address, chainId: chain.settings.chainId, genesis: chain.genesis };
  return new Lane(options, openJournal(journalPath, identity));
}

/** A call on its way, and who waits for it. */
interface Track {
  readonly callHash: Hex;
  readonly waiters: Set<PromiseWithResolvers<SentCall>>;
}

class Lane implements TransactionLane {
  readonly #options: LaneOptions;
  readonly #journal: LaneJournal;
  readonly #tracks = new Map<string, Track>();
  readonly #drives = new Set<Promise<void>>();
  /** Watches of calls that have a nonce and are not mined, as far as known. */
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  /** Ends when the signing before has ended: one nonce at a time. */
  #turn: Promise<void> = Promise.resolve();
  #newest: { readonly nonce: number; readonly hash: Hex } | undefined;

  constructor(options: LaneOptions, journal: LaneJournal) {
    this.#options = options;
    this.#journal = journal;
    for (const { key, callHash } of journal.pending()) this.#start(key, callHash, undefined);
  }

  async send(key: string, call: ContractCall, { signal, orEarlier = false }: SendOptions = {}): Promise<SentCall> {
    this.#closing.signal.throwIfAborted();
    signal?.throwIfAborted();
    requireKey(key);
    const earlier = orEarlier ? (this.#tracks.get(key) ?? this.#journal.find(key)) : undefined;
    const callHash = earlier?.callHash ?? keccak256(concatHex([call.to, call.data]));
    const track = this.#tracks.get(key) ?? this.#start(key, callHash, call);
    if (track.callHash !== callHash) throw keyReused(key, call);
    const waiter = Promise.withResolvers<SentCall>();
    const leave = () => waiter.reject(signal?.reason);
    track.waiters.add(waiter);
    signal?.addEventListener("abort", leave, { once: true });
    try {
      return await waiter.promise;
    } finally {
      signal?.removeEventListener("abort", leave);
      track.waiters.delete(waiter);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const closed = laneClosed();
    this.#closing.abort(closed);
    for (const { waiters } of this.#tracks.values()) rejectAll(waiters, closed);
    // A hanging endpoint must not hold the program: what comes after finds the journal closed and sends nothing new.
    await Promise.race([Promise.allSettled(this.#drives), sleep(CLOSE_MILLIS, undefined, { ref: false })]);
    this.#journal.close();
  }

  #start(key: string, callHash: Hex, call: ContractCall | undefined): Track {
    if (call && this.#tracks.size >= CHAIN_LIMITS.laneCalls) throw laneFull();
    const track: Track = { callHash, waiters: new Set() };
    this.#tracks.set(key, track);
    // Not before the caller waits: a drive can fail at once.
    const drive = Promise.resolve()
      .then(() => this.#drive(key, track, call))
      .finally(() => this.#drives.delete(drive));
    this.#drives.add(drive);
    return track;
  }

  /** Takes one call to its end, whether or not anybody waits. */
  async #drive(key: string, track: Track, call: ContractCall | undefined): Promise<void> {
    try {
      const known = this.#journal.find(key);
      if (known && known.callHash !== track.callHash) throw keyReused(key, call);
      if (!known && call) await this.#inTurn(() => this.#submit(key, track.callHash, call));
      const receipt = await this.#watch(key, track);
      for (const { resolve } of track.waiters) resolve({ hash: receipt.transactionHash, receipt });
    } catch (error) {
      rejectAll(track.waiters, this.#closing.signal.aborted ? this.#closing.signal.reason : error);
    } finally {
      this.#tracks.delete(key);
    }
  }

  async #watch(key: string, track: Track): Promise<TransactionReceipt> {
    const { stuckMillis = STUCK_MILLIS, pollMillis = POLL_MILLIS, lagMillis = LAG_MILLIS } = this.#options;
    const watching = watchEntry(
      {
        sender: this.#options,
        journal: this.#journal,
        stuckMillis,
        pollMillis,
        lagMillis,
        signal: this.#closing.signal,
        onTrouble: (error) => rejectAll(track.waiters, error),
      },
      key,
    );
    this.#inFlight.add(watching);
    try {
      return await watching;
    } finally {
      this.#inFlight.delete(watching);
    }
  }

  async #inTurn(action: () => Promise<void>): Promise<void> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    try {
      await before;
      while (this.#inFlight.size >= CHAIN_LIMITS.laneInFlight) {
        await Promise.race(this.#inFlight).catch(() => undefined);
      }
      this.#closing.signal.throwIfAborted();
      await action();
    } finally {
      resolve();
    }
  }

  /** Write ahead, then send: after a crash the journal has everything that the chain may have. */
  async #submit(key: string, callHash: Hex, call: ContractCall): Promise<void> {
    const plan = await planCall(this.#options, call);
    const nonce = await this.#nextNonce();
    const attempt = await signCall(this.#options, call, nonce, plan);
    this.#closing.signal.throwIfAborted();
    this.#journal.add({ key, callHash, name: call.name, nonce, attempts: [attempt] });
    try {
      await broadcast(this.#options.chain, attempt, call.name);
    } catch (error) {
      this.#journal.drop(key);
      throw error;
    }
    this.#newest = { nonce, hash: attempt.hash };
  }

  /** An endpoint that lags behind its own receipts must not be given a used nonce again. */
  async #nextNonce(): Promise<number> {
    const { chain, account } = this.#options;
    const counted = await asChainCall(chain.settings.rpcUrl, "the account's nonce", () =>
      chain.client.getTransactionCount({ address: account.address, blockTag: "pending" }),
    );
    const pending = this.#journal.pending().at(-1);
    if (pending) return Math.max(counted, pending.nonce + 1);
    const newest = this.#newest;
    if (!newest || newest.nonce < counted) return counted;
    const mined = await findReceipt(chain, [{ hash: newest.hash, raw: "0x" }]);
    return mined ? newest.nonce + 1 : counted;
  }
}

const STUCK_MILLIS = 60_000;
const POLL_MILLIS = 2_000;
const LAG_MILLIS = 30_000;
/** How long a closing lane waits for requests under way. */
const CLOSE_MILLIS = 1_000;

function rejectAll(waiters: Set<PromiseWithResolvers<SentCall>>, error: unknown): void {
  for (const { reject } of waiters) reject(error);
  waiters.clear();
}

function requireKey(key: string): void {
  if (key.length > 0 && key.length <= CHAIN_LIMITS.laneKeyChars) return;
  throw new ProtocolError(
    "invalid",
    "lane-key-malformed",
    `A lane's key has 1 to ${CHAIN_LIMITS.laneKeyChars} characters.`,
    {
      hint: "Name the call by what it does, such as settle:0x12….",
      context: { length: key.length, limit: CHAIN_LIMITS.laneKeyChars },
    },
  );
}

function keyReused(key: string, call: ContractCall | undefined): ProtocolError {
  return new ProtocolError("conflict", "key-reused", `The key ${key} stands for another call already.`, {
    hint: "Give every call its own key, and the same call the same key.",
    context: { key, call: call?.name ?? null },
  });
}

function laneFull(): ProtocolError {
  return new ProtocolError("busy", "lane-full", `${CHAIN_LIMITS.laneCalls} calls of this account wait already.`, {
    hint: "Try again when some of them are mined.",
    context: { limit: CHAIN_LIMITS.laneCalls },
  });
}

function laneClosed(): ProtocolError {
  return new ProtocolError("cancelled", "lane-closed", "The lane was closed; what was sent goes on by itself.", {
    hint: "Open the lane again to see how its calls ended.",
  });
}
