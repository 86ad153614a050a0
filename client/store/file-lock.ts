// One process at a time for one job. A lock of a process that died is taken over.
import { open, readFile, rm } from "node:fs/promises";
import { ProtocolError } from "#protocol/protocol-error.ts";

/**
 * Holds `path` until disposed.
 * @throws `job-in-progress` while another living process, or this one, holds it
 */
export async function lockFile(path: string): Promise<AsyncDisposable> {
  for (let tried = 0; ; tried++) {
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = await readHolder(path);
      if (tried > 0 || isAlive(holder)) throw inProgress(holder);
      await rm(path, { force: true });
    }
  }
}

async function readHolder(path: string): Promise<number> {
  try {
    return Number.parseInt(await readFile(path, "utf8"), 10) || 0;
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  if (pid === 0) return false;
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
