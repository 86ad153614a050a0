// Bundles the programs into dist/ when their sources are newer: a bundle starts in a tenth of the time.
import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const SOURCES = ["bin", "protocol", "chain", "runtime", "mesh", "client", "node", "marketplace", "cli"];

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

/** Makes dist/ current. A second caller at the same time does the same work and wins or loses by a rename. */
export async function buildPrograms(): Promise<void> {
  const stamp = join(dist, ".programs");
  const newest = newestChange();
  if (modifiedAt(stamp) >= newest) return;
  const { rolldown } = await import("rolldown");
  const target = join(dist, `.building-${process.pid}`);
  for (const [name, path] of Object.entries(ENTRIES)) {
    const bundle = await rolldown({
      input: { [name]: join(root, path) },
      cwd: root,
      platform: "node",
      external: EXTERNAL,
      logLevel: "silent",
    });
    await bundle.write({
      dir: target,
      format: "esm",
      entryFileNames: "[name].js",
      chunkFileNames: "chunk-[name]-[hash].js",
    });
    await bundle.close();
  }
  for (const [name, path] of Object.entries(ASSETS)) cpSync(join(root, path), join(target, name), { recursive: true });
  publish(target);
  writeFileSync(stamp, "");
  const seconds = newest / 1000;
  utimesSync(stamp, seconds, seconds);
}

/** Chunks carry a hash in their name, so that a program that runs from the bundle before keeps its own. */
function publish(target: string): void {
  mkdirSync(dist, { recursive: true });
  for (const name of Object.keys(ASSETS)) rmSync(join(dist, name), { recursive: true, force: true });
  for (const name of readdirSync(target)) renameSync(join(target, name), join(dist, name));
  rmSync(target, { recursive: true });
}

function newestChange(): number {
  let newest = modifiedAt(join(root, "package.json"));
  for (const folder of SOURCES) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.parentPath.includes("dashboard")) continue;
      newest = Math.max(newest, modifiedAt(join(entry.parentPath, entry.name)));
    }
  }
  return newest;
}

function modifiedAt(path: string): number {
  return Math.floor((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) / 1000) * 1000;
}
