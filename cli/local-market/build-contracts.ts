// Has the contracts compiled when they changed since they last were.
import { globSync, statSync } from "node:fs";
import { join } from "node:path";

const ARTIFACT = "artifacts/contracts/Exchange.sol/Exchange.json";
/** Hardhat writes it at every build, so its time is that of the last one. */
const CACHE = "cache/compile-cache.json";
const SOURCES = ["contracts/**/*.sol", "hardhat.config.ts", "package-lock.json"];

/**
 * Two builds at the same time take each other's temporary files away: the one that loses finds the work done when it
 * tries again.
 */
const ATTEMPTS = 3;

/**
 * Calls `build` for the project in `root` when there is something to do.
 * @throws what `build` throws, such as the compiler's errors
 */
export async function buildContracts(root: string, build: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; isStale(root); attempt++) {
    try {
      await build();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !isMissingFile(error)) throw error;
    }
  }
}

function isStale(root: string): boolean {
  const modifiedAt = (path: string) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const changed = Math.max(...globSync(SOURCES, { cwd: root }).map(modifiedAt));
  return modifiedAt(ARTIFACT) === 0 || modifiedAt(CACHE) < changed;
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && ("code" in error ? error.code === "ENOENT" : isMissingFile(error.cause));
}
