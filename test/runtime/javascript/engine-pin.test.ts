import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { digestOf } from "#protocol/digest.ts";
import {
  ENGINE_DIGEST,
  METERED_ENGINE_DIGEST,
  meterEngine,
  PRELUDE_DIGEST,
  requirePinned,
} from "#runtime/javascript/engine-pin.ts";
import { RUNTIME_ID } from "#runtime/runtime-id.ts";

const wasm = new Uint8Array(await readFile(new URL(import.meta.resolve("@jitl/quickjs-wasmfile-release-sync/wasm"))));

test("an engine or web API of other bytes is refused, and the refusal names the found digests", () => {
  assert.throws(
    () => requirePinned({ wasm, prelude: [{ name: "host.js", source: new Uint8Array(1) }] }),
    (error: { code: string; context: { wasm: string; prelude: string } }) =>
      error.code === "engine-mismatch" && error.context.prelude !== PRELUDE_DIGEST,
  );
  assert.throws(() => requirePinned({ wasm: wasm.slice(1), prelude: [] }), { code: "engine-mismatch" });
});

test("the engine that a bundle has beside it is what the pass makes", () => {
  assert.equal(digestOf(meterEngine(wasm)), METERED_ENGINE_DIGEST);
});

test("the runtime's name follows from pass and engine", () => {
  assert.match(RUNTIME_ID, /^mimik-runtime\/1\+metering\.\d+\+quickjs\.[0-9a-f]{12}$/);
  assert.ok(RUNTIME_ID.endsWith(ENGINE_DIGEST.slice(7, 19)));
});
