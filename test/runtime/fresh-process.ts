// Test instrument: runs a script in a Node process of its own, with an executor's stack, on this machine or on another
// that is emulated.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** As executors have it: the counted depth must end before the native stack does. */
const STACK = "--stack-size=3900";
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export interface ProcessOptions {
  /** For Node, before the script: the engine's compilers and the like. */
  readonly flags?: readonly string[];
  /** What starts Node: its path, or an emulator and its parameters before it. */
  readonly node?: readonly string[];
}

/** What the script printed. @throws where it fails */
export async function inFreshProcess(
  script: string,
  parameters: readonly string[] = [],
  { flags = [], node = [process.execPath] }: ProcessOptions = {},
): Promise<string> {
  const [program = "", ...before] = node;
  const all = [...before, "--no-warnings", STACK, ...flags, script, ...parameters];
  const { stdout } = await promisify(execFile)(program, all, { maxBuffer: OUTPUT_BYTES_MAX });
  return stdout;
}
