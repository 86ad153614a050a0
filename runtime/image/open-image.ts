// From a digest to a checked image: sizes are refused before anything is fetched, digests before anything is used.
import { digestOf } from "#protocol/digest.ts";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Digest } from "#protocol/units.ts";
import { type Descriptor, type Image, WASM_MEDIA_TYPE } from "./image.ts";
import { decodeConfig, decodeManifest } from "./image-document.ts";

/** Gives the blob of that digest, of at most `bytesMax` bytes; it need not check the digest. */
export type ReadBlob = (digest: Digest, bytesMax: number) => Promise<Uint8Array>;

/**
 * Reads manifest, config and layer and checks each against its digest and size.
 * @throws `image-corrupt`, `image-malformed`, `image-too-large`, and whatever `readBlob` throws
 */
export async function openImage(digest: Digest, readBlob: ReadBlob): Promise<Image> {
  const manifestBytes = await readBlob(digest, LIMITS.imageManifestBytes);
  if (manifestBytes.length > LIMITS.imageManifestBytes) throw corrupt("manifest", digest, "too long");
  requireDigest("manifest", digest, manifestBytes);
  const manifest = decodeManifest(manifestBytes);
  const config = decodeConfig(await readDescribed("config", manifest.config, readBlob));
  const [descriptor] = manifest.layers;
  if ((descriptor.mediaType === WASM_MEDIA_TYPE) === (config.kind === "javascript")) {
    throw corrupt("layer", descriptor.digest, `${descriptor.mediaType} cannot hold a ${config.kind} program`);
  }
  return { digest, manifest, config, layer: await readDescribed("layer", descriptor, readBlob) };
}

async function readDescribed(part: string, descriptor: Descriptor, readBlob: ReadBlob): Promise<Uint8Array> {
  const bytes = await readBlob(descriptor.digest, descriptor.size);
  if (bytes.length !== descriptor.size) {
    throw corrupt(part, descriptor.digest, `it has ${bytes.length} bytes instead of ${descriptor.size}`);
  }
  requireDigest(part, descriptor.digest, bytes);
  return bytes;
}

function requireDigest(part: string, digest: Digest, bytes: Uint8Array): void {
  if (digestOf(bytes) !== digest) throw corrupt(part, digest, "its bytes have another digest");
}

function corrupt(part: string, digest: Digest, what: string): ProtocolError {
  return new ProtocolError("invalid", "image-corrupt", `Cannot use the image's ${part} ${digest}: ${what}.`, {
    hint: "Fetch the image again from another source.",
    context: { digest },
  });
}
