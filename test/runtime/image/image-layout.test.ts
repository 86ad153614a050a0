import assert from "node:assert/strict";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { isImageLayout, readImageLayout, writeImageLayout } from "#runtime/image/image-layout.ts";
import { packImage } from "#runtime/image/pack-image.ts";
import { ECHO_WASM, scratchFolder } from "./image-fixture.ts";

test("a layout comes back as it was written, and its files are OCI's", async () => {
  await using folder = await scratchFolder({ "echo.wasm": ECHO_WASM });
  const packed = await packImage(join(folder.path, "echo.wasm"));
  const layout = join(folder.path, "layout");
  await writeImageLayout(packed, layout);
  assert.deepEqual(await readImageLayout(layout), packed);
  assert.equal(await isImageLayout(layout), true);
  assert.equal(await isImageLayout(folder.path), false);
  assert.deepEqual(JSON.parse(await readFile(join(layout, "oci-layout"), "utf8")), { imageLayoutVersion: "1.0.0" });
  const index = JSON.parse(await readFile(join(layout, "index.json"), "utf8"));
  assert.equal(index.manifests[0].digest, packed.digest);
  assert.equal(index.manifests[0].size, packed.blobs.get(packed.digest)?.length);
});

test("a layout with a missing, grown or changed file is refused", async () => {
  await using folder = await scratchFolder({ "echo.wasm": ECHO_WASM });
  const packed = await packImage(join(folder.path, "echo.wasm"));
  await assert.rejects(readImageLayout(folder.path), { code: "image-missing" });
  await writeImageLayout(packed, folder.path);
  const blob = join(folder.path, "blobs", "sha256", packed.digest.slice(7));
  await truncate(blob, 40 * 1024 * 1024);
  await assert.rejects(readImageLayout(folder.path), { code: "image-too-large" });
  await writeFile(blob, "{}");
  await assert.rejects(readImageLayout(folder.path), { code: "image-corrupt" });
  await writeFile(join(folder.path, "index.json"), "not json");
  await assert.rejects(readImageLayout(folder.path), { code: "image-missing" });
});
