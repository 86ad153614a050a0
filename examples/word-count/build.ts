// Assembles word-count.wat into word-count.wasm: node examples/word-count/build.ts
import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

/** The module's bytes, the same from the same text. */
export function assemble(): Uint8Array {
  const module = binaryen.parseText(readFileSync(new URL("word-count.wat", import.meta.url), "utf8"));
  try {
    if (!module.validate()) throw new Error("word-count.wat is not valid WebAssembly");
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

if (import.meta.main) writeFileSync(new URL("word-count.wasm", import.meta.url), assemble());
