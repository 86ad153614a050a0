// npm run determinism:arm64 -- [--modules=200] [--sysroot=FOLDER]: runs the determinism corpora on an emulated arm64 and
// on this machine, and compares every hash, memory and fuel. Exit code 1: they differ; 2: wrong words; 3: a tool is missing.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { inFreshProcess, type ProcessOptions } from "#test/runtime/fresh-process.ts";
import { runCorpus as runJavascript } from "#test/runtime/javascript/determinism-corpus.ts";
import { runCorpus as runModules, writeCorpus } from "#test/runtime/metering/determinism-corpus.ts";
import { emulatedNode, ToolMissing } from "./determinism/emulated-node.ts";

const DIFFERENT = 1;
const WRONG_WORDS = 2;
const TOOL_MISSING = 3;
const MODULES_DEFAULT = 200;

const DEPTH = fileURLToPath(new URL("../test/runtime/metering/depth-run.ts", import.meta.url));

/** One line for each thing that is compared, by what is compared. */
type Lines = ReadonlyMap<string, unknown>;

async function moduleLines(directory: string, options: ProcessOptions): Promise<Lines> {
  return new Map((await runModules(directory, options)).map((line) => [line.slice(0, line.indexOf(" ")), line]));
}

async function javascriptLines(options: ProcessOptions): Promise<Lines> {
  return new Map(Object.entries(await runJavascript(options)));
}

/** Programs that recurse without end: an arm64 frame is of another size, and must not be what stops them. */
async function depthLines(options: ProcessOptions): Promise<Lines> {
  const ends = (await inFreshProcess(DEPTH, [], options)).trim().split(" ");
  return new Map(ends.map((end, index) => [`recursion ${index + 1}`, end]));
}

/** Runs one corpus here and there; how many of it differ. */
async function compare(title: string, node: readonly string[], run: (options: ProcessOptions) => Promise<Lines>) {
  const startedAt = Date.now();
  const here = await run({});
  const emulatedAt = Date.now();
  const there = await run({ node });
  const names = [...new Set([...here.keys(), ...there.keys()])];
  const different = names.filter((name) => !isDeepStrictEqual(here.get(name), there.get(name)));
  const seconds = (millis: number) => (millis / 1_000).toFixed(1);
  console.log(
    `${title}: ${names.length} compared, ${different.length} differ ` +
      `(${process.arch} ${seconds(emulatedAt - startedAt)} s, arm64 ${seconds(Date.now() - emulatedAt)} s)`,
  );
  for (const name of different)
    console.log(`  ${name}\n    here  ${show(here.get(name))}\n    arm64 ${show(there.get(name))}`);
  return different.length;
}

function show(result: unknown): string {
  return typeof result === "string" ? result : (JSON.stringify(result) ?? "nothing");
}

async function compareAll(folder: string, modules: number, sysroot: string | undefined): Promise<number> {
  const node = await emulatedNode(folder, sysroot);
  const version = "process.stdout.write(process.arch + ' ' + process.version)";
  const there = await inFreshProcess(version, [], { node, flags: ["-e"] });
  if (there !== `arm64 ${process.version}`)
    throw new Error(`The emulated Node is ${there}, this one ${process.version}.`);
  const corpus = join(folder, "corpus");
  mkdirSync(corpus);
  await writeCorpus(corpus, modules);
  return (
    (await compare("WebAssembly modules", node, (options) => moduleLines(corpus, options))) +
    (await compare("JavaScript programs", node, javascriptLines)) +
    (await compare("Endless recursions", node, depthLines))
  );
}

function readModules(text: string): number {
  const modules = Number(text);
  if (Number.isSafeInteger(modules) && modules > 0) return modules;
  console.error(`Error: --modules=${text} is no number of modules.\nNext: npm run determinism:arm64 -- --modules=200`);
  process.exit(WRONG_WORDS);
}

const { values } = parseArgs({ options: { modules: { type: "string" }, sysroot: { type: "string" } } });
const modules = readModules(values.modules ?? String(MODULES_DEFAULT));
const folder = mkdtempSync(join(tmpdir(), "mimik-arm64-"));
try {
  if ((await compareAll(folder, modules, values.sysroot)) > 0) process.exitCode = DIFFERENT;
} catch (error) {
  if (!(error instanceof ToolMissing)) throw error;
  console.error(`Error: ${error.message}\nNext: ${error.hint}`);
  process.exitCode = TOOL_MISSING;
} finally {
  rmSync(folder, { recursive: true });
}
