// How an executor process is started: which flags of Node, and which walls of the host around it.
import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { IsolationClass } from "#protocol/isolation.ts";
import { bubblewrapCommand } from "./bubblewrap.ts";
import { seccompFilter } from "./seccomp-filter.ts";

/** What an executor process consists of. */
export interface ExecutorCode {
  /** The module to run. */
  readonly entry: string;
  /** Files and folders that it may read; nothing else of the disk exists for it. */
  readonly readable: readonly string[];
}

/** Memory of compiled code and handles is bounded, and one thread compiles; the rest suits many small modules. */
const NODE_FLAGS = [
  "--permission",
  "--no-addons",
  "--no-warnings",
  "--disallow-code-generation-from-strings",
  "--wasm-inlining-max-size=2000",
  "--wasm-inlining-budget=20000",
  "--wasm-inlining-factor=10",
  "--wasm-num-compilation-tasks=1",
  "--max-semi-space-size=32",
  "--stack-size=3900",
] as const;

/** The sources where they run from source, the bundle beside this module where they run from a build. */
export function defaultExecutorCode(): ExecutorCode {
  const here = fileURLToPath(import.meta.url);
  if (!here.endsWith(".ts")) {
    const entry = join(dirname(here), "executor.js");
    return { entry, readable: [entry, join(dirname(here), "..", "package.json")] };
  }
  const root = join(dirname(here), "..", "..");
  return {
    entry: join(dirname(here), "executor-main.ts"),
    readable: [join(root, "runtime"), join(root, "protocol"), join(root, "package.json")],
  };
}

/** Node's arguments for an executor. */
export function nodeArguments(code: ExecutorCode): readonly string[] {
  return [...NODE_FLAGS, ...code.readable.map((path) => `--allow-fs-read=${path}`), code.entry];
}

/**
 * Starts an executor with nothing of the daemon's: no environment, no open file but its three pipes. Its errors go to
 * stderr, which the caller must read.
 */
export function launchExecutor(code: ExecutorCode, isolation: IsolationClass): ChildProcess {
  const node = [process.execPath, ...nodeArguments(code)];
  if (isolation === "process") {
    const [command = "", ...parameters] = node;
    return spawn(command, parameters, { env: {}, cwd: "/", stdio: ["pipe", "pipe", "pipe"] });
  }
  const filter = seccompFilter(process.arch);
  const [command = "", ...parameters] = bubblewrapCommand(node, code, filter === undefined ? undefined : 3);
  const child = spawn(command, parameters, { env: {}, cwd: "/", stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const filterPipe = child.stdio[3];
  if (filterPipe && "end" in filterPipe) {
    // Where bubblewrap does not start, its end of the pipe is gone; the exit tells.
    filterPipe.on("error", () => undefined);
    filterPipe.end(filter);
  }
  return child;
}
