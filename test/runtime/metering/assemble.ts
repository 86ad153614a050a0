// Test instrument: WebAssembly text to bytes, with exactly the features that the pass accepts.
import binaryen from "binaryen";

const F = binaryen.Features;
const ACCEPTED =
  F.MutableGlobals |
  F.SignExt |
  F.NontrappingFPToInt |
  F.BulkMemory |
  F.BulkMemoryOpt |
  F.SIMD128 |
  F.ReferenceTypes |
  F.Multivalue |
  F.TailCall |
  F.ExtendedConst;

export function assemble(text: string): Uint8Array {
  const module = binaryen.parseText(text);
  try {
    module.setFeatures(ACCEPTED);
    if (!module.validate()) throw new Error(`Not a valid module: ${text.slice(0, 200)}`);
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}
