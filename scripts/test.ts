// Runs the whole test suite, or the test files named: contracts compiled and tested by Hardhat, the rest by node:test.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { buildPrograms } from "./build-programs.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const hardhat = fileURLToPath(new URL("../node_modules/hardhat/dist/src/cli.js", import.meta.url));

/** Tests that start many processes of their own would only wait for each other on a small machine. */
const CONCURRENCY = 3;
const TEST_TIMEOUT_MILLIS = 180_000;
/** Test files and the programs that they start load the same modules a hundred times over. */
process.env.NODE_COMPILE_CACHE = fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url));

interface Outcome {
  readonly label: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

async function timed(label: string, work: () => Promise<{ ok: boolean; output?: string }>): Promise<Outcome> {
  const startedAt = Date.now();
  const { ok, output = "" } = await work();
  return { label, ok, seconds: (Date.now() - startedAt) / 1000, output };
}

/** Hardhat's output is kept, because it runs beside other tests and would mix with theirs. */
function runHardhat(args: readonly string[]): Promise<{ ok: boolean; output: string }> {
  const child = spawn(process.execPath, [hardhat, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true" },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.once("close", (status) => resolve({ ok: status === 0, output })));
}

function runFiles(files: string[]): Promise<{ ok: boolean }> {
  let ok = true;
  const events = run({ files, cwd: root, concurrency: CONCURRENCY, timeout: TEST_TIMEOUT_MILLIS });
  events.on("test:fail", ({ todo }) => {
    if (todo === undefined || todo === false) ok = false;
  });
  const report = events.compose(spec);
  report.pipe(process.stdout, { end: false });
  return new Promise((resolve, reject) => report.once("error", reject).once("end", () => resolve({ ok })));
}

/** Tests of whole markets take longest, so they begin first and nobody waits for the last of them alone. */
function allFiles(): string[] {
  const place = (file: string) => (file.startsWith("test/end-to-end/") ? 0 : 1);
  return globSync("test/**/*.test.ts", { cwd: root }).sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

function finish(outcomes: readonly Outcome[]): void {
  for (const { label, ok, seconds, output } of outcomes) {
    if (output) console.log(output.trim());
    console.log(`${label}: ${seconds.toFixed(1)} s${ok ? "" : ", FAILED"}`);
  }
  if (outcomes.some(({ ok }) => !ok)) process.exit(1);
}

const named = process.argv.slice(2);
finish([
  await timed("Programs bundled", async () => {
    await buildPrograms();
    return { ok: true };
  }),
  await timed("Contracts compiled", () => runHardhat(["build", "--no-tests", "--quiet"])),
]);
finish(
  await Promise.all([
    timed("TypeScript tests", () => runFiles(named.length > 0 ? named : allFiles())),
    ...(named.length > 0 ? [] : [timed("Solidity tests", () => runHardhat(["test", "solidity"]))]),
  ]),
);
