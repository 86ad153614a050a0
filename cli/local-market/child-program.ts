// One child program of a local market: started with a log file, known to be ready by its own word, ended in time.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ReadyMessage } from "../program/lifetime.ts";

export interface ChildProgramOptions {
  readonly name: string;
  /** For the same Node that runs us. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly logPath: string;
  readonly signal: AbortSignal;
}

export interface ChildProgram extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Where it serves. */
  readonly url: string;
  /** Resolves with a sentence when the program ends although nobody asked it to. */
  readonly failed: Promise<string>;
}

/** Longest start: a cold compile of the contracts on a slow machine. */
const READY_MILLIS = 120_000;
/** From asking to end to SIGKILL. */
const STOP_MILLIS = 1_200;

/** Starts a program and waits until it says where it serves. @throws `program-failed`, `program-slow` */
export async function startChildProgram(options: ChildProgramOptions): Promise<ChildProgram> {
  options.signal.throwIfAborted();
  const log = openSync(options.logPath, "a", 0o600);
  const child = spawn(process.execPath, options.args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    // Its own process group: Ctrl-C in the terminal reaches us alone, and we end our children in order.
    detached: process.platform !== "win32",
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const exited = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(signal ? `ended by ${signal}` : `ended with exit code ${code}`));
  });
  let stopping = false;
  const stop = async () => {
    stopping = true;
    await end(child, exited);
  };
  try {
    const url = await readyUrl(child, options, exited);
    const failed = new Promise<string>((resolve) => {
      void exited.then((how) => {
        if (!stopping) resolve(`The ${options.name} ${how}. Its log is ${options.logPath}.`);
      });
    });
    return { name: options.name, pid: child.pid ?? 0, url, failed, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readyUrl(child: ChildProcess, options: ChildProgramOptions, exited: Promise<string>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.on("message", (message: ReadyMessage) => {
    if (typeof message?.ready === "string") resolve(message.ready);
  });
  void exited.then((how) => reject(failure(options, how)));
  const abort = () => reject(options.signal.reason);
  options.signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(() => reject(tooSlow(options)), READY_MILLIS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", abort);
  }
}

async function end(child: ChildProcess, exited: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => killGroup(child), STOP_MILLIS);
  await exited;
  clearTimeout(timer);
}

/** The group takes a stuck program's own children with it. */
function killGroup(child: ChildProcess): void {
  try {
    process.kill(process.platform === "win32" ? (child.pid ?? 0) : -(child.pid ?? 0), "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

function failure({ name, logPath }: ChildProgramOptions, how: string): ProtocolError {
  const lastLines = readFileSync(logPath, "utf8").trimEnd().split("\n").slice(-8).join("\n");
  return new ProtocolError("internal", "program-failed", `The ${name} ${how} before it was ready:\n${lastLines}`, {
    hint: `Read its log at ${logPath}.`,
    context: { program: name, log: logPath },
  });
}

function tooSlow({ name, logPath }: ChildProgramOptions): ProtocolError {
  return new ProtocolError("timeout", "program-slow", `The ${name} was not ready within ${READY_MILLIS / 1_000} s.`, {
    hint: `Read its log at ${logPath}, then start again.`,
    context: { program: name, limitMillis: READY_MILLIS },
  });
}
