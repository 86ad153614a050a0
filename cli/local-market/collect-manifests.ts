// The manifests of everything that npm installed under a folder: the input of the licence audit. Order and content
// depend on what is installed alone.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** The fields of a package.json that an audit of licences reads. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly license?: unknown;
  readonly licenses?: unknown;
}

const PACKAGES_MAX = 20_000;
const DEPTH_MAX = 16;
/** The largest manifests of the registry have some hundred kilobytes. */
const MANIFEST_BYTES_MAX = 1024 * 1024;

/**
 * Reads `directory`, a node_modules, with scoped and nested packages; what cannot be read is left out. Sorted by name,
 * version.
 */
export async function collectManifests(directory: string): Promise<readonly PackageManifest[]> {
  const found = new Map<string, PackageManifest>();
  await collect(directory, 0, found);
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, manifest]) => manifest);
}

async function collect(modules: string, depth: number, found: Map<string, PackageManifest>): Promise<void> {
  if (depth > DEPTH_MAX) return;
  for (const folder of await packageFolders(modules)) {
    if (found.size >= PACKAGES_MAX) return;
    const manifest = await readManifest(join(folder, "package.json"));
    if (manifest) found.set(`${manifest.name}@${manifest.version}`, manifest);
    await collect(join(folder, "node_modules"), depth + 1, found);
  }
}

/** Links are left out: they lead to the project's own workspaces. */
async function packageFolders(modules: string): Promise<readonly string[]> {
  const entries = await readdir(modules, { withFileTypes: true }).catch(() => []);
  const folders: string[] = [];
  for (const entry of entries.filter((each) => each.isDirectory() && !each.name.startsWith("."))) {
    const path = join(modules, entry.name);
    if (!entry.name.startsWith("@")) folders.push(path);
    else {
      const scoped = await readdir(path, { withFileTypes: true });
      folders.push(...scoped.filter((each) => each.isDirectory()).map((each) => join(path, each.name)));
    }
  }
  return folders;
}

async function readManifest(path: string): Promise<PackageManifest | undefined> {
  try {
    if ((await stat(path)).size > MANIFEST_BYTES_MAX) return undefined;
    const { name, version, license, licenses } = JSON.parse(await readFile(path, "utf8")) as PackageManifest;
    if (typeof name !== "string" || typeof version !== "string") return undefined;
    return { name, version, ...(license !== undefined && { license }), ...(licenses !== undefined && { licenses }) };
  } catch {
    return undefined;
  }
}
