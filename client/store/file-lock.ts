// One process at a time for one job. A lock of a process that died is taken over.
import { open, readFile, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ProtocolError } from "#protocol/protocol-error.ts";

const RETRY_MILLIS = 20;

/**
 * Holds `path` until disposed, and waits for it for `waitMillis`.
 * @throws `job-in-progress` while another living process, or this one, holds it
 */
export async function lockFile(path: string, waitMillis = 0): Promise<AsyncDisposable> {
  for (let waited = 0; ; ) {
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = await readHolder(path);
    if (holder !== undefined && !isAlive(holder)) await rm(path, { force: true });
    else if (waited >= waitMillis) throw inProgress(holder ?? 0);
    else await sleep(RETRY_MILLIS);
    waited += RETRY_MILLIS;
  }
}

/** Undefined while the holder has not written its number yet, or has just let go. */
async function readHolder(path: string): Promise<number | undefined> {
  try {
    return Number.parseInt(await readFile(path, "utf8"), 10) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function inProgress(pid: number): ProtocolError {
  return new ProtocolError("conflict", "job-in-progress", `Process ${pid} is working on this job.`, {
    hint: "Wait for it, or stop that process.",
    context: { pid },
    retryable: true,
  });
}
