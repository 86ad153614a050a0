// Runs the whole test suite, or the test files named: contracts compiled and tested by Hardhat, the rest by node:test.
import { once } from "node:events";
import { globSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { PassThrough } from "node:stream";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { buildPrograms } from "./build-programs.ts";
import { runHardhat } from "./run-hardhat.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** More than a small machine has cores, because many tests wait for deadlines; with more still they would miss theirs. */
const CONCURRENCY = 5;
const PROCESS_TIMEOUT_MILLIS = 480_000;
/** The tests' processes and the programs that they start load the same modules again and again. */
process.env.NODE_COMPILE_CACHE = fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url));

/** What node:test tells of its tests, as far as it is looked at here. */
interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name: string;
    readonly nesting: number;
    readonly file?: string;
    readonly counts: Readonly<Record<string, number>>;
  };
}

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

/** Runs files one after the other in a process of their own; their events come at once when all have ended. */
async function runTogether(files: string[]): Promise<readonly TestEvent[]> {
  const entry = fileURLToPath(new URL("./test-together.ts", import.meta.url));
  const events: TestEvent[] = [];
  for await (const event of run({ files: [entry], argv: files, cwd: root, timeout: PROCESS_TIMEOUT_MILLIS })) {
    events.push(event);
  }
  return events;
}

/** Reports all processes as if they were one. A file is good when its own suite says so: one that is silent is not. */
async function runAll(groups: Iterable<string[]>): Promise<{ ok: boolean; output: string }> {
  const events = new PassThrough({ objectMode: true });
  const report = events.compose(spec);
  report.pipe(process.stdout, { end: false });
  const counts: Record<string, number> = {};
  const bad: string[] = [];
  const waiting = [...groups].values();
  const lane = async () => {
    for (const files of waiting) {
      const passed = new Set<string>();
      for (const event of await runTogether(files)) {
        const { type, data } = event;
        if (type === "test:pass" && data.nesting === 0) passed.add(data.name);
        if (data.file !== undefined) events.write(event);
        else if (type === "test:summary") addTo(counts, data.counts);
      }
      bad.push(...files.filter((file) => !passed.has(file)));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  for (const [what, count] of Object.entries(counts)) {
    events.write({ type: "test:diagnostic", data: { nesting: 0, message: `${what} ${count}` } });
  }
  events.end();
  await once(report, "end");
  return { ok: bad.length === 0, output: bad.map((file) => `not passed: ${file}`).join("\n") };
}

function addTo(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(more)) sums[key] = (sums[key] ?? 0) + value;
}

/** What takes longest begins first, so that nobody waits for the last of them alone. */
const LONGEST = ["runtime", "node", "marketplace", "end-to-end"];
/** Folders in folders that wait for most of their time. */
const APART = ["node/court", "node/rescue"];

/** A process for each whole market, one for what waits longest, and one for each other folder below test/. */
function byProcess(files: readonly string[]): Iterable<string[]> {
  const partsOf = (file: string) => relative(join(root, "test"), resolve(root, file)).split(sep);
  const folderOf = (file: string) => partsOf(file)[0] ?? "";
  const place = (file: string) => LONGEST.indexOf(folderOf(file)) >>> 0;
  const sorted = files.toSorted((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  const processOf = (file: string) => {
    const [folder = "", part = ""] = partsOf(file);
    if (folder === "end-to-end") return file;
    return APART.includes(`${folder}/${part}`) ? `${folder}/${part}` : folder;
  };
  return Map.groupBy(sorted, processOf).values();
}

function finish(outcomes: readonly Outcome[]): void {
  for (const { label, ok, seconds, output } of outcomes) {
    if (output) console.log(output.trim());
    console.log(`${label}: ${seconds.toFixed(1)} s${ok ? "" : ", FAILED"}`);
  }
  if (outcomes.some(({ ok }) => !ok)) process.exit(1);
}

const named = process.argv.slice(2);
finish(
  await Promise.all([
    timed("Programs bundled", async () => {
      await buildPrograms();
      return { ok: true };
    }),
    timed("Contracts compiled", () => runHardhat(["build", "--no-tests", "--quiet"])),
  ]),
);
finish(
  await Promise.all([
    timed("TypeScript tests", () =>
      runAll(byProcess(named.length > 0 ? named : globSync("test/**/*.test.ts", { cwd: root }))),
    ),
    ...(named.length > 0 ? [] : [timed("Solidity tests", () => runHardhat(["test", "solidity"]))]),
  ]),
);
