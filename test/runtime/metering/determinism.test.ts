import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runCorpus, writeCorpus } from "./determinism-corpus.ts";

/** `npm run determinism:arm64` runs more. */
const MODULES = 80;

/** The engine's compilers: both by turns as it likes, the quick one alone, the optimising one alone. */
const TIERS = [[], ["--liftoff-only"], ["--no-liftoff", "--no-wasm-lazy-compilation"]];

test("results, memories and fuel are the same under every compiler of the engine and in every process", async () => {
  const directory = mkdtempSync(join(tmpdir(), "mimik-determinism-"));
  try {
    const files = await writeCorpus(directory, MODULES);
    const [first = [], ...others] = await Promise.all(TIERS.map((flags) => runCorpus(directory, { flags })));
    assert.equal(first.length, files);
    for (const other of others) assert.deepEqual(other, first);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
