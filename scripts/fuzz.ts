// npm run fuzz -- [--calls 1000000] [--seed 0x…]: random hands on the exchange and the profit share for longer than the tests take, a chunk
// at a time, each from its own seed. A chunk that fails prints the seed that repeats it.
import { createHash, randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { runHardhat } from "./run-hardhat.ts";

/** The tests with random hands, and what runs times depth in them come to. */
const TESTS = ["test/contracts/Solvency.t.sol", "test/contracts/Sharing.t.sol"];
const CHUNK_CALLS = 118_000;
const SEED_PATTERN = /^0x[0-9a-f]{64}$/;

const { calls, seed } = readOptions();
const built = await runHardhat(["build", "--no-tests"]);
if (!built.ok) {
  console.error(built.output);
  process.exit(1);
}
const chunks = Math.ceil(calls / CHUNK_CALLS);
for (let chunk = 0; chunk < chunks; chunk++) {
  const chunkSeed = seedOf(seed, chunk);
  const { ok, output } = await runHardhat(["test", "solidity", ...TESTS], {
    FUZZ_SEED: chunkSeed,
  });
  if (!ok) {
    console.error(
      `${output}\nError: Chunk ${chunk + 1} failed.\nNext: npm run fuzz -- --calls ${CHUNK_CALLS} --seed ${chunkSeed}`,
    );
    process.exit(1);
  }
  console.log(`${((chunk + 1) * CHUNK_CALLS).toLocaleString("en")} random calls, every unit accounted for`);
}

function readOptions(): { calls: number; seed: string } {
  const { values } = parseArgs({
    options: {
      calls: { type: "string", default: "1000000" },
      seed: { type: "string", default: `0x${randomBytes(32).toString("hex")}` },
    },
  });
  const calls = Number(values.calls);
  if (Number.isSafeInteger(calls) && calls > 0 && SEED_PATTERN.test(values.seed)) return { calls, seed: values.seed };
  console.error("Error: Calls are a positive number, a seed is 0x and 64 digits of 0-9a-f.\nNext: npm run fuzz");
  process.exit(2);
}

/** The first chunk has the seed itself, so that a seed that was printed repeats its chunk. */
function seedOf(seed: string, chunk: number): string {
  return chunk === 0 ? seed : `0x${createHash("sha256").update(`${seed} ${chunk}`).digest("hex")}`;
}
