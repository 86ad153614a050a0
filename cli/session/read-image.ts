// The image that a command names: a microservice to pack, or an OCI layout that mimik pack wrote.
import { stat } from "node:fs/promises";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { PackedImage } from "#runtime/image/image.ts";
import { isImageLayout, readImageLayout } from "#runtime/image/image-layout.ts";
import { packImage } from "#runtime/image/pack-image.ts";

/** @throws `image-path-missing`, and what is wrong with the microservice or the image */
export async function readImage(path: string): Promise<PackedImage> {
  const known = await stat(path).catch(() => undefined);
  if (!known) {
    throw new ProtocolError("not-found", "image-path-missing", `There is no microservice at ${path}.`, {
      hint: "Name a .ts, .js or .wasm file, a folder with a package.json, or an image folder.",
      context: { path },
    });
  }
  return known.isDirectory() && (await isImageLayout(path)) ? readImageLayout(path) : packImage(path);
}
