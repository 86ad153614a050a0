// Sources on disk and blobs in memory for the tests of images.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Digest } from "#protocol/units.ts";
import type { PackedImage } from "#runtime/image/image.ts";
import type { ReadBlob } from "#runtime/image/open-image.ts";

/** A WASI command that copies stdin to stdout, in 158 bytes. */
export const ECHO_WASM = Buffer.from(
  "AGFzbQEAAAABDAJgBH9/f38Bf2AAAAJEAhZ3YXNpX3NuYXBzaG90X3ByZXZpZXcxB2ZkX3JlYWQAABZ3YXNpX3NuYXBzaG90X3ByZXZpZXcx" +
    "CGZkX3dyaXRlAAADAgEBBQMBAAEHEwIGbWVtb3J5AgAGX3N0YXJ0AAIKSQFHAEEAQcAANgIAQQRBgCA2AgADQEEAQQBBAUEQEAAaQRAoAgAE" +
    "QEEIQcAANgIAQQxBECgCADYCAEEBQQhBAUEUEAEaDAELCws=",
  "base64",
);

/** A folder that is gone when the test is over. */
export async function scratchFolder(files: Readonly<Record<string, string | Uint8Array>> = {}) {
  const path = await mkdtemp(join(tmpdir(), "mimik-image-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export function blobReader(packed: PackedImage): ReadBlob {
  return async (digest: Digest) => {
    const bytes = packed.blobs.get(digest);
    if (bytes === undefined) throw new Error(`no blob ${digest}`);
    return bytes;
  };
}
