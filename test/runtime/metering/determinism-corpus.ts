// Writes the WebAssembly corpus, and runs it in a process of its own.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { meterModule } from "#runtime/metering/meter-module.ts";
import { assemble as assembleKernel } from "#scripts/bench/kernels/kernel.ts";
import { KERNELS } from "#scripts/bench/kernels/kernels.ts";
import { inFreshProcess, type ProcessOptions } from "../fresh-process.ts";
import { Fuzzer } from "./fuzz-modules.ts";

const FIRST_SEED = 10_000;
const script = join(import.meta.dirname, "determinism-run.ts");

/**
 * Writes `fuzzed` seeded modules and the benchmark's kernels; the number of files. Half of the fuzzed ones make NaNs,
 * which engines choose freely where the pass does not choose for them.
 */
export async function writeCorpus(directory: string, fuzzed: number): Promise<number> {
  using fuzzer = await Fuzzer.load();
  let written = 0;
  for (let seed = FIRST_SEED; written < fuzzed; seed++) {
    const bytes = fuzzer.make(seed, 200 + ((seed * 977) % 5_000), seed % 2 === 0);
    if (!isAccepted(bytes)) continue;
    writeFileSync(join(directory, `fuzz-${seed}.wasm`), bytes);
    written++;
  }
  for (const { name, text } of KERNELS) writeFileSync(join(directory, `kernel-${name}.wasm`), assembleKernel(text));
  return written + KERNELS.length;
}

/** One line for each module: its name, then the hashes of what it became, did and left in memory, then its fuel. */
export async function runCorpus(directory: string, options?: ProcessOptions): Promise<readonly string[]> {
  return (await inFreshProcess(script, [directory], options)).split("\n");
}

/** The fuzzer now and then writes an instruction of a later proposal. */
function isAccepted(bytes: Uint8Array): boolean {
  try {
    meterModule(bytes);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError && error.code === "module-refused") return false;
    throw error;
  }
}
