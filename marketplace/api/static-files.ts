// The dashboard's files, read once at the start: what is not in the folder then is not served, whatever a path says.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { MARKETPLACE_LIMITS } from "../limits.ts";

export interface StaticFile {
  readonly bytes: Uint8Array;
  readonly gzip: Uint8Array;
  readonly type: string;
  readonly etag: string;
  /** Its name changes with its content, so it may be cached for ever. */
  readonly hashed: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};

/** Files by URL path, such as `/assets/index-a1b2.js`; empty when the dashboard is not built. */
export function readStaticFiles(directory: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  let size = 0;
  for (const path of listFiles(directory)) {
    const type = TYPES[extname(path)];
    size += statSync(path).size;
    if (files.size >= MARKETPLACE_LIMITS.dashboardFiles || size > MARKETPLACE_LIMITS.dashboardBytes) break;
    if (type === undefined) continue;
    const bytes = readFileSync(path);
    const url = `/${relative(directory, path).split(sep).join("/")}`;
    files.set(url, {
      bytes,
      gzip: gzipSync(bytes),
      type,
      etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
      hashed: url.startsWith("/assets/"),
    });
  }
  return files;
}

function listFiles(directory: string): readonly string[] {
  try {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
