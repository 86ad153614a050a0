// Where the package lies: the same from the sources and from the bundle.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The nearest folder above this file that has a package.json, absolute. */
export function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`No package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}
