// The WebAssembly example: the committed bytes are those of its source, and it counts as wc does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { decodeResponse, encodeRequest } from "#protocol/message.ts";
import type { Image } from "#runtime/image/image.ts";
import { openImage } from "#runtime/image/open-image.ts";
import { packImage } from "#runtime/image/pack-image.ts";
import { createRuntime, type Runtime } from "#runtime/runtime.ts";
import { assemble } from "../../examples/word-count/build.ts";

const wasm = new URL("../../examples/word-count/word-count.wasm", import.meta.url);
let runtime: Runtime;
let image: Image;

before(async () => {
  const packed = await packImage(wasm.pathname);
  image = await openImage(packed.digest, async (digest) => packed.blobs.get(digest) ?? new Uint8Array());
  runtime = await createRuntime({ executors: 1, isolation: "process" });
});

after(() => runtime?.[Symbol.asyncDispose]());

test("the committed module is assembled from the source beside it", () => {
  assert.deepEqual(new Uint8Array(readFileSync(wasm)), new Uint8Array(assemble()));
});

test("lines, words and bytes", async () => {
  const long = "word and\tanother\n".repeat(12_345);
  for (const text of ["", "a", " \n ", "two words\n", "naïve ☃\r\nline", long]) {
    const body = new TextEncoder().encode(text);
    const request = encodeRequest({ method: "POST", url: "/", headers: [], body });
    const invocation = { request, virtualTimeMillis: 0, seed: new Uint8Array(32), limits: image.config.limits };
    const { outcome, response, usage } = await runtime.run(image, invocation);
    assert.equal(outcome, "ok");
    const words = text.split(/[\t\n\v\f\r ]+/).filter((word) => word !== "").length;
    const wanted = `${text.split("\n").length - 1} ${words} ${body.length}\n`;
    assert.equal(new TextDecoder().decode(decodeResponse(response).body), wanted, JSON.stringify(text.slice(0, 20)));
    assert.ok(usage.fuel > BigInt(body.length));
  }
});
