// Runs the JavaScript corpus in a process of its own, and what of it is kept as golden.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ENGINE_DIGEST } from "#runtime/javascript/engine-pin.ts";
import { METERING_VERSION } from "#runtime/metering/meter-module.ts";
import { inFreshProcess, type ProcessOptions } from "../fresh-process.ts";

export const GOLDEN_PATH = join(import.meta.dirname, "golden-fuel.json");
const main = fileURLToPath(new URL("./determinism-main.ts", import.meta.url));

/** What one program did. Everything in it must be the same on every machine. */
export interface CorpusResult {
  readonly outcome: string;
  readonly fuel: string;
  readonly memoryPages: number;
  readonly events: number;
  /** SHA-256 of the encoded response. */
  readonly response: string;
  /** SHA-256 of the engine's used memory after the call; empty where the engine was thrown away. */
  readonly state: string;
  readonly logs: string;
  readonly repeats: boolean;
  readonly leavesNothing: boolean;
}

export type CorpusResults = Readonly<Record<string, CorpusResult>>;

export async function runCorpus(options?: ProcessOptions): Promise<CorpusResults> {
  return JSON.parse(await inFreshProcess(main, [], options));
}

/** The part of the results that is committed: a change of it changes what consumers pay or what nodes agree on. */
export function goldenOf(results: CorpusResults): object {
  const programs = Object.entries(results).map(([name, { outcome, fuel, memoryPages, response, state }]) => [
    name,
    { outcome, fuel, memoryPages, response, ...(state !== "" && { memory: state }) },
  ]);
  return { meteringVersion: METERING_VERSION, engine: ENGINE_DIGEST, programs: Object.fromEntries(programs) };
}
