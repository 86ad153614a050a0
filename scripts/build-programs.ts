// Bundles the programs and the dashboard into dist/ when their sources are newer: a bundle starts in a tenth of the time.
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

/** Each is bundled by itself: the executor must be one file, because it may read nothing else. */
const ENTRIES = {
  main: "cli/main.ts",
  executor: "runtime/executor/executor-main.ts",
};

/** Read as files beside the bundle. */
const ASSETS = { prelude: "runtime/javascript/prelude" };

/**
 * Native code cannot be bundled; the builders of contracts and images are used only where they are installed; the
 * engine is read as a file.
 */
const EXTERNAL = [/^better-sqlite3/, /^rolldown/, /^hardhat/, /^@nomicfoundation\//, /^@jitl\//, /^solc/];

const DASHBOARD = "marketplace/dashboard";
const PROGRAMS = ["bin", "protocol", "chain", "runtime", "mesh", "client", "node", "marketplace", "cli"];
/** A program that still runs from an older bundle may yet load one of its chunks. */
const KEEP_CHUNKS_MILLIS = 86_400_000;

/** Makes dist/ current. A second caller at the same time does the same work; each file is replaced by a rename. */
export async function buildPrograms(): Promise<void> {
  await Promise.all([whenStale("programs", PROGRAMS, bundlePrograms), buildDashboard()]);
}

/** Makes the dashboard alone current; gives its folder. */
export async function buildDashboard(): Promise<string> {
  await whenStale("dashboard", [DASHBOARD, "protocol"], bundleDashboard);
  return join(dist, "dashboard");
}

/** Bundles one more program, which runs as those in dist/ do; gives its file. */
export async function buildProgram(name: string, path: string): Promise<string> {
  await whenStale(name, [...PROGRAMS, dirname(path)], (target) => bundleProgram(name, path, target));
  return join(dist, `${name}.js`);
}

async function bundlePrograms(target: string): Promise<void> {
  for (const [name, path] of Object.entries(ENTRIES)) await bundleProgram(name, path, target);
  const { METERED_ENGINE_FILE, readEngine } = await import("../runtime/javascript/engine-pin.ts");
  writeFileSync(join(target, METERED_ENGINE_FILE), (await readEngine()).wasm);
  for (const [name, path] of Object.entries(ASSETS)) cpSync(join(root, path), join(target, name), { recursive: true });
}

async function bundleProgram(name: string, path: string, target: string): Promise<void> {
  const { rolldown } = await import("rolldown");
  const input = { [name]: join(root, path) };
  const bundle = await rolldown({ input, cwd: root, platform: "node", external: EXTERNAL, logLevel: "silent" });
  await bundle.write({
    dir: target,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunk-[name]-[hash].js",
  });
  await bundle.close();
}

async function bundleDashboard(target: string): Promise<void> {
  const { build } = await import("vite");
  const outDir = join(target, "dashboard");
  await build({ configFile: join(root, DASHBOARD, "vite.config.ts"), logLevel: "error", build: { outDir } });
}

async function whenStale(what: string, folders: readonly string[], build: (target: string) => Promise<void>) {
  const stamp = join(dist, `.${what}`);
  const newest = newestChange(folders);
  if (modifiedAt(stamp) >= newest) return;
  const target = join(dist, `.building-${what}-${process.pid}`);
  await build(target);
  publish(target);
  dropOldChunks();
  writeFileSync(stamp, "");
  utimesSync(stamp, newest / 1_000, newest / 1_000);
}

/** Chunks carry a hash in their name, so that a program that runs from the bundle before keeps its own. */
function publish(target: string): void {
  for (const path of filesBelow(target)) {
    const place = join(dist, relative(target, path));
    mkdirSync(dirname(place), { recursive: true });
    renameSync(path, place);
  }
  rmSync(target, { recursive: true });
}

function dropOldChunks(): void {
  const chunks = readdirSync(dist).filter((name) => name.startsWith("chunk-"));
  for (const path of chunks.map((name) => join(dist, name))) {
    if (modifiedAt(path) < Date.now() - KEEP_CHUNKS_MILLIS) rmSync(path, { force: true });
  }
}

function newestChange(folders: readonly string[]): number {
  const outside = (path: string) => folders.includes(DASHBOARD) || !path.startsWith(join(root, DASHBOARD));
  const files = folders.flatMap((folder) => filesBelow(join(root, folder))).filter(outside);
  return Math.max(...[join(root, "package.json"), ...files].map(modifiedAt));
}

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Whole seconds in milliseconds, since file systems differ in what they keep below; 0 when there is no such file. */
function modifiedAt(path: string): number {
  return Math.floor((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) / 1_000) * 1_000;
}
