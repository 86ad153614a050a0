// An image on disk as an OCI image layout: the folder that registries' tools read and write.
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type Digest, isDigest } from "#protocol/units.ts";
import { ARTIFACT_TYPE, MANIFEST_MEDIA_TYPE, type PackedImage } from "./image.ts";
import { openImage } from "./open-image.ts";

const indexSchema = z.object({
  schemaVersion: z.literal(2),
  manifests: z.array(z.object({ digest: z.string().refine(isDigest) })).min(1),
});

/** Writes `oci-layout`, `index.json` and `blobs/sha256/…`; the folder is made where it does not exist. */
export async function writeImageLayout(packed: PackedImage, directory: string): Promise<void> {
  const blobs = join(directory, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  for (const [digest, bytes] of packed.blobs) await writeFile(join(blobs, hexOf(digest)), bytes);
  const manifest = packed.blobs.get(packed.digest);
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        mediaType: MANIFEST_MEDIA_TYPE,
        digest: packed.digest,
        size: manifest?.length ?? 0,
        artifactType: ARTIFACT_TYPE,
      },
    ],
  };
  await writeFile(join(directory, "index.json"), JSON.stringify(index));
  await writeFile(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

/**
 * Reads the first image of a layout and checks every blob.
 * @throws `image-missing`, and as `openImage`
 */
export async function readImageLayout(directory: string): Promise<PackedImage> {
  let digest: Digest;
  try {
    const text = await readFile(join(directory, "index.json"), "utf8");
    digest = indexSchema.parse(JSON.parse(text)).manifests[0]?.digest as Digest;
  } catch (cause) {
    throw missing(directory, "it has no readable index.json", cause);
  }
  const blobs = new Map<Digest, Uint8Array>();
  await openImage(digest, async (wanted, bytesMax) => {
    const bytes = await readBounded(join(directory, "blobs", "sha256", hexOf(wanted)), bytesMax);
    blobs.set(wanted, bytes);
    return bytes;
  });
  return { digest, blobs };
}

/** Whether the folder looks like a layout. */
export async function isImageLayout(directory: string): Promise<boolean> {
  return readFile(join(directory, "oci-layout")).then(
    () => true,
    () => false,
  );
}

async function readBounded(path: string, bytesMax: number): Promise<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    throw missing(path, "the blob is not there", cause);
  });
  try {
    const { size } = await file.stat();
    if (size > Math.min(bytesMax, LIMITS.imageLayerBytes)) {
      throw new ProtocolError("too-large", "image-too-large", `The blob ${path} has ${size} bytes.`, {
        context: { size, limit: bytesMax },
        hint: "Copy the image again from its source.",
      });
    }
    return new Uint8Array(await file.readFile());
  } finally {
    await file.close();
  }
}

function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}

function missing(path: string, what: string, cause: unknown): ProtocolError {
  return new ProtocolError("not-found", "image-missing", `Cannot read an image from ${path}: ${what}.`, {
    hint: "Pack one with `mimik pack <path>`, or give the folder of an OCI image layout.",
    cause,
  });
}
