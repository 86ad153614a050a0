// One process at a time for one job. The operating system ends the lock with its process, however that dies, so there is
// no stale lock to judge.
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { ProtocolError } from "#protocol/protocol-error.ts";

const RETRY_MILLIS = 20;

/**
 * Holds `path` until disposed, and waits for it for `waitMillis`. The file itself stays: removing it would let two hold
 * one name.
 * @throws `job-in-progress` while another process, or this one, holds it
 */
export async function lockFile(path: string, waitMillis = 0): Promise<Disposable> {
  for (let waited = 0; ; waited += RETRY_MILLIS) {
    const lock = tryLock(path);
    if (lock) return lock;
    if (waited >= waitMillis) throw inProgress(path);
    await sleep(RETRY_MILLIS);
  }
}

function tryLock(path: string): Disposable | undefined {
  const db = new Database(path, { timeout: 0 });
  try {
    db.exec("BEGIN EXCLUSIVE");
    return { [Symbol.dispose]: () => db.close() };
  } catch (error) {
    db.close();
    if ((error as { code?: unknown }).code === "SQLITE_BUSY") return undefined;
    throw error;
  }
}

function inProgress(path: string): ProtocolError {
  return new ProtocolError("conflict", "job-in-progress", "Another command is working on this job.", {
    hint: "Wait for it, or stop it.",
    context: { lock: path },
    retryable: true,
  });
}
