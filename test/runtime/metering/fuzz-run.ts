// Test instrument: calls every export of a fuzzed module, raw or metered, and writes down all that can be seen of it.
import { createHash } from "node:crypto";
import { fuelLeft, packBudget } from "#runtime/metering/budget.ts";
import type { MeteredModule, ModuleMeta } from "#runtime/metering/meter-module.ts";
import { ABI } from "#runtime/metering/module-abi.ts";
import { EXTERNREF, FUNCREF, type FunctionType, I64 } from "#runtime/metering/value-type.ts";

export interface FuzzTrace {
  /** One line for each call of an export or an import. */
  readonly lines: string[];
  readonly memoryHash: string;
  /** Fuel of each export's call; empty for raw modules. */
  readonly fuel: bigint[];
  /** Whether some call ran into a limit, so that raw and metered may differ. */
  limited: boolean;
}

const FUEL = 20_000_000n;
const NESTING_MAX = 20;

/** Runs the module as it was written. */
export function traceRaw(raw: Uint8Array, { meta }: MeteredModule): FuzzTrace {
  return traceModule(raw, meta, undefined);
}

export function traceMetered({ bytes, meta }: MeteredModule): FuzzTrace {
  return traceModule(bytes, meta, meta);
}

/** `metered` tells where the memory is, and that fuel is counted. */
function traceModule(bytes: Uint8Array, { functionTypes }: ModuleMeta, metered: ModuleMeta | undefined): FuzzTrace {
  const lines: string[] = [];
  const trace: FuzzTrace = { lines, memoryHash: "", fuel: [], limited: false };
  const module = new WebAssembly.Module(Uint8Array.from(bytes));
  const lent = metered?.memory && new WebAssembly.Memory({ initial: metered.memory.min });
  let exports: WebAssembly.Exports = {};
  const imports = fuzzImports(module, lines, () => exports);
  if (lent) imports[ABI.module] = { [ABI.memory]: lent };
  try {
    const instance = new WebAssembly.Instance(module, imports);
    // A raw module's start runs before its exports can be had.
    if (metered?.start !== undefined) (instance.exports[metered.start] as () => void)();
    exports = instance.exports;
  } catch (error) {
    lines.push(`start: ${kindOf(error)}`);
    return trace;
  }
  const budget = exports[ABI.budget] as WebAssembly.Global<"i64"> | undefined;
  for (const name of functionNames(exports)) {
    if (budget) budget.value = packBudget(FUEL);
    const result = attempt(() => (exports[name] as (...args: unknown[]) => unknown)(...zeros(functionTypes.get(name))));
    if (budget) {
      const left = fuelLeft(budget.value);
      trace.fuel.push(FUEL - left);
      if (left < 0n || (budget.value & 0x80000n) === 0n) trace.limited = true;
    }
    lines.push(`${name}: ${result}`);
    if (result.includes("RangeError")) trace.limited = true;
  }
  const memory = lent ?? Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
  const hash = memory ? createHash("sha256").update(new Uint8Array(memory.buffer)).digest("hex") : "";
  return { ...trace, memoryHash: hash };
}

function zeros(type: FunctionType | undefined): unknown[] {
  return (type?.params ?? []).map((param) =>
    param === I64 ? 0n : param === EXTERNREF || param === FUNCREF ? null : 0,
  );
}

function functionNames(exports: WebAssembly.Exports): string[] {
  return Object.keys(exports).filter((name) => typeof exports[name] === "function" && !name.startsWith("~"));
}

/** What binaryen's fuzzer imports: logs, and ways back into the module. */
function fuzzImports(
  module: WebAssembly.Module,
  lines: string[],
  exports: () => WebAssembly.Exports,
): WebAssembly.Imports {
  // Ways back in nest on the native stack, whose end differs between compilers: real hosts do not offer any.
  let nesting = 0;
  const nested = (work: () => unknown) => {
    if (nesting >= NESTING_MAX) throw new Error("nested too deeply");
    nesting++;
    try {
      return work();
    } finally {
      nesting--;
    }
  };
  const log = (name: string) => (value: unknown) => void lines.push(`${name} ${show(value)}`);
  const callExport = (index: number) => {
    const names = functionNames(exports());
    const name = names[(index >>> 0) % Math.max(names.length, 1)];
    return name === undefined ? undefined : nested(() => (exports()[name] as () => unknown)());
  };
  const table = () => exports().table as WebAssembly.Table;
  const support: Record<string, unknown> = {
    "call-export": (index: number) => void callExport(index),
    "call-export-catch": (index: number) => (attempt(() => callExport(index)).startsWith("!") ? 1 : 0),
    "call-ref": (ref: (() => unknown) | null) => void nested(() => ref?.()),
    "call-ref-catch": (ref: (() => unknown) | null) => (attempt(() => nested(() => ref?.())).startsWith("!") ? 1 : 0),
    "table-get": (index: number) => table().get(index >>> 0),
    "table-set": (index: number, value: unknown) => table().set(index >>> 0, value),
    throw: () => {
      throw new Error("thrown");
    },
    sleep: (_ms: number, id: number) => id,
  };
  const imports: WebAssembly.Imports = {};
  for (const entry of WebAssembly.Module.imports(module)) {
    if (entry.module === ABI.module) continue;
    const values = imports[entry.module] ?? {};
    imports[entry.module] = values;
    if (entry.kind === "function") values[entry.name] = support[entry.name] ?? log(entry.name);
    else if (entry.kind === "global") values[entry.name] = { fuzz: entry.name };
  }
  return imports;
}

function attempt(work: () => unknown): string {
  try {
    return show(work());
  } catch (error) {
    return kindOf(error);
  }
}

function kindOf(error: unknown): string {
  return error instanceof Error ? `!${error.name}` : `!${String(error)}`;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.map(show).join();
  if (typeof value === "function") return "function";
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : String(value);
}
