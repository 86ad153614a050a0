// Runs the whole test suite, or the test files named: contracts compiled and tested by Hardhat, the rest by node:test.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildPrograms } from "./build-programs.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const hardhat = fileURLToPath(new URL("../node_modules/hardhat/dist/src/cli.js", import.meta.url));

/** Tests that start many processes of their own would only wait for each other on a small machine. */
const CONCURRENCY = 2;

function run(label: string, args: string[]): void {
  const startedAt = Date.now();
  const { status, signal } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true" },
  });
  console.log(`${label}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  if (status !== 0) {
    console.error(`${label} failed${signal ? ` by ${signal}` : ""}.`);
    process.exit(status ?? 1);
  }
}

const startedAt = Date.now();
await buildPrograms();
console.log(`Programs bundled: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
const named = process.argv.slice(2);
run("Contracts compiled", [hardhat, "build", "--quiet"]);
if (named.length === 0) run("Solidity tests", [hardhat, "test", "solidity"]);
const files = named.length > 0 ? named : globSync("test/**/*.test.ts", { cwd: root }).sort();
run("TypeScript tests", ["--test", `--test-concurrency=${CONCURRENCY}`, "--test-timeout=180000", ...files]);
