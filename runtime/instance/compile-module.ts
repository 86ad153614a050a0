// Loads a module: the metering pass, the list of allowed imports, and the engine's own validation as a second check.
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type MeteredImport, type MeteredModule, meterModule } from "../metering/meter-module.ts";
import { typeName } from "../metering/value-type.ts";
import { hostFault } from "./guest-signals.ts";

/** Allowed imports: "module.name" and the function's type, such as "(i32,i32)->i32", or "memory". */
export type ImportList = ReadonlyMap<string, string>;

export interface LoadPolicy {
  /** Pages that the image may use. */
  readonly pagesMax: number;
  /** Fuel of a load or store, where something else than the memory's size bounds it. */
  readonly accessFuel?: number;
  readonly imports: ImportList;
}

export interface CompiledModule {
  readonly metered: MeteredModule;
  readonly module: WebAssembly.Module;
}

/**
 * @throws `module-malformed`, `module-invalid`, `module-refused`, `import-refused`; `host-fault` when the engine refuses
 * what the pass accepted
 */
export function compileModule(wasm: Uint8Array, policy: LoadPolicy): CompiledModule {
  const pagesMax = Math.min(policy.pagesMax, LIMITS.jobMemoryPages);
  const metered = meterModule(wasm, {
    pagesMax,
    ...(policy.accessFuel !== undefined && { accessFuel: policy.accessFuel }),
  });
  for (const entry of metered.meta.imports) requireAllowed(entry, policy.imports);
  try {
    return { metered, module: new WebAssembly.Module(metered.bytes as Uint8Array<ArrayBuffer>) };
  } catch (cause) {
    throw hostFault("the engine refuses a module that the metering pass accepted", cause);
  }
}

function requireAllowed(entry: MeteredImport, allowed: ImportList): void {
  const name = `${entry.module}.${entry.name}`;
  const expected = allowed.get(name);
  const actual = entry.type ? signatureOf(entry.type) : entry.kind;
  if (expected === actual) return;
  const known = expected === undefined ? "is not offered here" : `has the type ${actual}, the host offers ${expected}`;
  throw new ProtocolError("rejected", "import-refused", `The import ${name.slice(0, 100)} ${known}.`, {
    hint: "Build for WASI preview 1 commands, or import only functions of the module mimik.",
    context: { module: entry.module.slice(0, 100), name: entry.name.slice(0, 100), kind: entry.kind },
  });
}

/** A function's type as import lists write it: "(i32,i64)->i32". */
export function signatureOf(type: { readonly params: readonly number[]; readonly results: readonly number[] }): string {
  return `(${type.params.map(typeName).join()})->${type.results.map(typeName).join()}`;
}
