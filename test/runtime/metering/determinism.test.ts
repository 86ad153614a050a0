import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { meterModule } from "#runtime/metering/meter-module.ts";
import { assemble as assembleKernel } from "#scripts/bench/kernels/kernel.ts";
import { KERNELS } from "#scripts/bench/kernels/kernels.ts";
import { Fuzzer } from "./fuzz-modules.ts";

const MODULES = 200;
const run = promisify(execFile);

/** The engine's compilers: both by turns as it likes, the quick one alone, the optimising one alone. */
const TIERS = [[], ["--liftoff-only"], ["--no-liftoff", "--no-wasm-lazy-compilation"]];

test("results, memories and fuel are the same under every compiler of the engine and in every process", async () => {
  const directory = mkdtempSync(join(tmpdir(), "mimik-determinism-"));
  try {
    await writeModules(directory);
    const script = join(import.meta.dirname, "determinism-run.ts");
    const outputs = await Promise.all(
      TIERS.map(async (flags) => {
        const node = ["--no-warnings", "--stack-size=3900", ...flags, script, directory];
        return (await run(process.execPath, node, { maxBuffer: 64 << 20 })).stdout.split("\n");
      }),
    );
    const [first = [], ...others] = outputs;
    assert.equal(first.length, MODULES + KERNELS.length);
    for (const other of others)
      assert.deepEqual(
        other.filter((line, index) => line !== first[index]),
        [],
      );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** Half of the modules with NaNs, which engines choose freely where the pass does not choose for them. */
async function writeModules(directory: string): Promise<void> {
  using fuzzer = await Fuzzer.load();
  let written = 0;
  for (let seed = 10_000; written < MODULES; seed++) {
    const bytes = fuzzer.make(seed, 200 + ((seed * 977) % 5_000), seed % 2 === 0);
    if (!isAccepted(bytes)) continue;
    writeFileSync(join(directory, `fuzz-${seed}.wasm`), bytes);
    written++;
  }
  for (const { name, text } of KERNELS) writeFileSync(join(directory, `kernel-${name}.wasm`), assembleKernel(text));
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
