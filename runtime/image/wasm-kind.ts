// Which of the two WebAssembly lanes a module asks for, read from its imports and exports.
import { ProtocolError } from "#protocol/protocol-error.ts";
import { meterModule } from "../metering/meter-module.ts";

const WASI = "wasi_snapshot_preview1";

/**
 * `wasi` for a WASI preview 1 command, `wasm` for a library of the request ABI.
 * @throws `module-malformed`, `module-invalid`, `module-refused`
 */
export function wasmKind(wasm: Uint8Array): "wasi" | "wasm" {
  const { imports, exports } = meterModule(wasm).meta;
  if (!exports.some(({ name, kind }) => name === "_start" && kind === "function")) return "wasm";
  const foreign = imports.find(({ module }) => module !== WASI && module !== "mimik");
  if (foreign === undefined) return "wasi";
  throw new ProtocolError("rejected", "module-refused", `The module imports ${foreign.module}.${foreign.name}.`, {
    hint: `Build it for WASI preview 1: only ${WASI} is there.`,
  });
}
