import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { digestOf } from "#protocol/digest.ts";
import type { Digest } from "#protocol/units.ts";
import type { PackedImage } from "#runtime/image/image.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { packImage } from "#runtime/image/pack-image.ts";
import { blobReader, ECHO_WASM, scratchFolder } from "./image-fixture.ts";

let packed: PackedImage;

before(async () => {
  await using folder = await scratchFolder({ "echo.wasm": ECHO_WASM });
  packed = await packImage(join(folder.path, "echo.wasm"));
});

/** The image with its manifest, or its config, changed; digests are made right again. */
async function forged(part: "manifest" | "config", change: (document: Record<string, never>) => unknown) {
  const blobs = new Map(packed.blobs);
  const put = (value: unknown) => {
    const bytes = Buffer.from(JSON.stringify(value));
    blobs.set(digestOf(bytes), bytes);
    return { digest: digestOf(bytes), size: bytes.length };
  };
  const read = (digest: Digest) => JSON.parse(Buffer.from(blobs.get(digest) ?? "").toString());
  const manifest = read(packed.digest);
  if (part === "config") Object.assign(manifest.config, put(change(read(manifest.config.digest))));
  const { digest } = put(part === "manifest" ? change(manifest) : manifest);
  return openImage(digest, blobReader({ digest, blobs }));
}

test("every byte is checked before use", async () => {
  for (const [digest, bytes] of packed.blobs) {
    const changed = Uint8Array.from(bytes);
    changed[0] = (changed[0] ?? 0) ^ 1;
    for (const wrong of [changed, bytes.slice(1), new Uint8Array(70_000)]) {
      const blobs = new Map(packed.blobs).set(digest, wrong);
      await assert.rejects(openImage(packed.digest, blobReader({ digest, blobs })), {
        code: /^image-(corrupt|malformed)$/,
      });
    }
  }
});

test("sizes are refused before anything is fetched", async () => {
  const asked: string[] = [];
  const change = (document: { layers: { size: number; digest: string }[] }) => {
    (document.layers[0] as { size: number }).size = 17 * 1024 * 1024;
    return document;
  };
  await assert.rejects(forged("manifest", change as never), { code: "image-malformed", message: /layers\.0\.size/ });
  await openImage(packed.digest, async (digest, bytesMax) => {
    asked.push(`${bytesMax}`);
    return blobReader(packed)(digest, bytesMax);
  });
  assert.deepEqual(asked.slice(-1), [String(ECHO_WASM.length)]);
});

test("malformed manifests and configs are refused with the field", async () => {
  const cases: readonly (readonly ["manifest" | "config", (document: Record<string, never>) => unknown, RegExp])[] = [
    ["manifest", () => [], /document/],
    ["manifest", ({ schemaVersion: _, ...rest }) => rest, /schemaVersion/],
    ["manifest", (document) => ({ ...document, layers: [] }), /layers/],
    ["manifest", (document) => ({ ...document, extra: 1 }), /extra/],
    ["manifest", (document) => ({ ...document, mediaType: "text/plain" }), /mediaType/],
    ["config", (document) => ({ ...document, kind: "elf" }), /kind/],
    ["config", (document) => ({ ...document, name: "../x" }), /name/],
    [
      "config",
      (document) => ({ ...document, limits: { fuel: "-1", memoryPages: 1, responseBytes: 1 } }),
      /limits\.fuel/,
    ],
    [
      "config",
      (document) => ({ ...document, limits: { fuel: "1", memoryPages: 1e9, responseBytes: 1 } }),
      /memoryPages/,
    ],
    ["config", (document) => ({ ...document, runtime: { meteringVersion: 0 } }), /meteringVersion/],
    ["config", (document) => ({ ...document, environment: { "A=B": "c" } }), /environment/],
    ["config", (document) => ({ ...document, kind: "javascript" }), /engine digest/],
  ];
  for (const [part, change, message] of cases)
    await assert.rejects(forged(part, change), { code: "image-malformed", message });
  await assert.rejects(
    forged("manifest", (document) => ({ ...document, annotations: { text: "x".repeat(70_000) } })),
    { code: /^image-/ },
  );
});

test("a layer's type must fit the program's kind", async () => {
  const javascript = "application/vnd.mimik.microservice.javascript.v1";
  const change = (document: { layers: object[] }) => ({
    ...document,
    layers: [{ ...document.layers[0], mediaType: javascript }],
  });
  await assert.rejects(forged("manifest", change as never), {
    code: "image-corrupt",
    message: /cannot hold a wasi program/,
  });
});
