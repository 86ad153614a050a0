// Decides what an account's lane remembers across crashes: which call has which nonce, and every signed form of it,
// on disk before any is sent. It never talks to the chain.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import type { Address, Hex } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { CHAIN_LIMITS } from "./limits.ts";

/** Whose journal it is. Transactions of a chain that was started anew are kept apart by its `genesis`. */
export interface JournalIdentity {
  readonly account: Address;
  readonly chainId: number;
  readonly genesis: Hex;
}

/** One signed form of a call; a later one with the same nonce has higher fees. */
export interface Attempt {
  readonly hash: Hex;
  /** `0x` when the journal let go of the bytes of an answered call. */
  readonly raw: Hex;
}

export interface JournalEntry {
  readonly key: string;
  /** Hash of the call's target and data. */
  readonly callHash: Hex;
  readonly name: string;
  readonly nonce: number;
  readonly succeeded: boolean;
  /** Oldest first, never empty. */
  readonly attempts: readonly Attempt[];
}

export interface LaneJournal {
  find(key: string): JournalEntry | undefined;
  /** Unanswered calls by nonce. */
  pending(): JournalEntry[];
  /** Returns when the entry and its only attempt are on disk. */
  add(entry: Omit<JournalEntry, "succeeded">): void;
  /** Returns when the attempt is on disk. */
  addAttempt(key: string, attempt: Attempt): void;
  /** Every attempt stays: after a reorganisation another one may be mined. */
  succeed(key: string): void;
  /** The chain forgot an answered call. */
  reopen(key: string): void;
  drop(key: string): void;
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS identity (account TEXT NOT NULL, chain INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS calls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, genesis TEXT NOT NULL, key TEXT NOT NULL, call_hash TEXT NOT NULL,
    name TEXT NOT NULL, nonce INTEGER NOT NULL, succeeded INTEGER NOT NULL DEFAULT 0, UNIQUE (genesis, key)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL REFERENCES calls (seq) ON DELETE CASCADE,
    hash TEXT NOT NULL, raw TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS attempts_of ON attempts (seq);`;

interface CallRow {
  readonly seq: number;
  readonly key: string;
  readonly call_hash: Hex;
  readonly name: string;
  readonly nonce: number;
  readonly succeeded: number;
}

/**
 * Opens or makes the journal at `path`, which this process then holds alone until it closes it or dies.
 * @throws `journal-in-use`, `journal-mismatch`, `journal-unusable`
 */
export function openJournal(path: string, identity: JournalIdentity): LaneJournal {
  const db = openDatabase(path);
  try {
    requireIdentity(db, path, identity);
    compact(db);
  } catch (error) {
    db.close();
    throw error;
  }
  return createJournal(db, identity.genesis);
}

function openDatabase(path: string): Database.Database {
  let db: Database.Database | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    db = new Database(path, { timeout: 0 });
    // The operating system ends the lock with the process, however it dies; FULL syncs each commit to the disk.
    db.pragma("locking_mode = EXCLUSIVE");
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    db.exec(`BEGIN EXCLUSIVE; ${SCHEMA} COMMIT;`);
    return db;
  } catch (cause) {
    db?.close();
    const busy = /^SQLITE_BUSY/.test(String((cause as { code?: unknown }).code));
    if (busy) {
      throw new ProtocolError("conflict", "journal-in-use", `Another program sends with the journal ${path}.`, {
        hint: "Stop that program, or wait until it has finished.",
        context: { path },
        retryable: true,
        cause,
      });
    }
    throw new ProtocolError("internal", "journal-unusable", `The journal ${path} cannot be used.`, {
      hint: "Check the disk and the folder's permissions; keep the file, it says what was sent.",
      context: { path },
      cause,
    });
  }
}

function requireIdentity(db: Database.Database, path: string, { account, chainId }: JournalIdentity): void {
  const found = db.prepare("SELECT account, chain FROM identity").get() as
    | { account: string; chain: number }
    | undefined;
  if (!found) {
    db.prepare("INSERT INTO identity (account, chain) VALUES (?, ?)").run(account.toLowerCase(), chainId);
  } else if (found.account !== account.toLowerCase() || found.chain !== chainId) {
    throw new ProtocolError(
      "conflict",
      "journal-mismatch",
      `The journal ${path} is of account ${found.account} on chain ${found.chain}.`,
      {
        hint: "Give each account its own journal on each chain.",
        context: { path, account, chainId },
      },
    );
  }
}

/** Lets go of what is answered and old, so that the file stays within bounds. */
function compact(db: Database.Database): void {
  const older = "SELECT seq FROM calls WHERE succeeded = 1 ORDER BY seq DESC LIMIT -1 OFFSET ?";
  db.transaction(() => {
    db.prepare(`DELETE FROM calls WHERE seq IN (${older})`).run(CHAIN_LIMITS.journalKeys);
    db.prepare(`UPDATE attempts SET raw = '0x' WHERE raw <> '0x' AND seq IN (${older})`).run(
      CHAIN_LIMITS.journalSignedKeys,
    );
  })();
}

function createJournal(db: Database.Database, genesis: Hex): LaneJournal {
  const attemptsOf = db.prepare<[number], Attempt>("SELECT hash, raw FROM attempts WHERE seq = ? ORDER BY id");
  const byKey = db.prepare<[string, string], CallRow>("SELECT * FROM calls WHERE genesis = ? AND key = ?");
  const open = db.prepare<[string], CallRow>("SELECT * FROM calls WHERE genesis = ? AND succeeded = 0 ORDER BY nonce");
  const insertCall = db.prepare("INSERT INTO calls (genesis, key, call_hash, name, nonce) VALUES (?, ?, ?, ?, ?)");
  const insertAttempt = db.prepare("INSERT INTO attempts (seq, hash, raw) VALUES (?, ?, ?)");
  const mark = db.prepare("UPDATE calls SET succeeded = ? WHERE genesis = ? AND key = ?");
  const deleteCall = db.prepare("DELETE FROM calls WHERE genesis = ? AND key = ?");
  let answered = 0;

  const toEntry = (row: CallRow): JournalEntry => ({
    key: row.key,
    callHash: row.call_hash,
    name: row.name,
    nonce: row.nonce,
    succeeded: row.succeeded === 1,
    attempts: attemptsOf.all(row.seq),
  });
  const seqOf = (key: string): number => {
    const row = byKey.get(genesis, key);
    if (!row) throw new ProtocolError("internal", "journal-unusable", `The journal has no call ${key}.`);
    return row.seq;
  };
  return {
    find(key) {
      const row = byKey.get(genesis, key);
      return row && toEntry(row);
    },
    pending: () => open.all(genesis).map(toEntry),
    add: db.transaction((entry: Omit<JournalEntry, "succeeded">) => {
      const { lastInsertRowid } = insertCall.run(genesis, entry.key, entry.callHash, entry.name, entry.nonce);
      for (const { hash, raw } of entry.attempts) insertAttempt.run(lastInsertRowid, hash, raw);
    }),
    addAttempt: (key, { hash, raw }) => void insertAttempt.run(seqOf(key), hash, raw),
    succeed(key) {
      mark.run(1, genesis, key);
      answered += 1;
      if (answered % CHAIN_LIMITS.journalSignedKeys === 0) compact(db);
    },
    reopen: (key) => void mark.run(0, genesis, key),
    drop: (key) => void deleteCall.run(genesis, key),
    close: () => void db.close(),
  };
}
