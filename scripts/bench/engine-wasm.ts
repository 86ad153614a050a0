// The largest module at hand: the JavaScript engine's, half a megabyte of real code.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

export function readEngineWasm(): Uint8Array {
  const require = createRequire(import.meta.url);
  return readFileSync(require.resolve("@jitl/quickjs-wasmfile-release-sync/wasm"));
}
