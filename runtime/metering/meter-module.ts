// The metering pass: takes a WebAssembly module from a stranger and gives one back that counts what it does, stops when
// its budget is used up, and computes the same bits on every machine.
//
// Stages: read-module (sections), scan-body (typing rules, segments, NaN flow), call-graph (who carries the budget how),
// emit-module. What is charged is in cost-model.ts, the budget word in budget.ts, the added names in module-abi.ts.
//
// Accepted: WebAssembly 1.0 with mutable globals, sign extension, saturating conversion, multiple values, bulk memory,
// reference types (funcref, externref), 128-bit vectors, tail calls, and constant i32/i64 add, sub, mul. Refused, with the
// byte and the reason: threads, 64-bit or several memories, exceptions, typed references and GC, relaxed vectors,
// components, reserved names, and modules beyond limits.ts.
import { ProtocolError } from "#protocol/protocol-error.ts";
import { ModuleScan } from "./body-scan.ts";
import { planFunctions } from "./call-graph.ts";
import { accessFuel } from "./cost-model.ts";
import { EmitContext } from "./emit-context.ts";
import { emitModule } from "./emit-module.ts";
import { ABI } from "./module-abi.ts";
import { refused } from "./module-error.ts";
import type { ExternalKind, Limits, ModuleExport, ModuleShape, TableType } from "./module-shape.ts";
import { readModule } from "./read-module.ts";
import { scanBody } from "./scan-body.ts";
import type { FunctionType } from "./value-type.ts";

/** Part of every module's identity: it changes with every change of what is accepted, charged or emitted. */
export const METERING_VERSION = 2;

export interface MeteringPolicy {
  /** Pages that the module may grow to at most, below what it declares itself. Decides what loads and stores cost. */
  readonly pagesMax?: number;
  /** Fuel of a load or store, where something else than the memory's size bounds the cost of a miss. */
  readonly accessFuel?: number;
}

export interface MeteredImport {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** Of a function. */
  readonly type?: FunctionType;
}

export interface MutableGlobal {
  readonly exportName: string;
  readonly type: number;
}

export interface MeteredTable extends TableType {
  readonly exportName: string;
}

export interface ModuleMeta {
  /** As the module wrote them; the memory that the pass adds is not among them. */
  readonly imports: readonly MeteredImport[];
  /** As the module wrote them. */
  readonly exports: readonly ModuleExport[];
  /** Types of the exported functions, by export name. */
  readonly functionTypes: ReadonlyMap<string, FunctionType>;
  /** Under which names the host must give the memory, and how large it must be at the start. */
  readonly memory: (Limits & { readonly module: string; readonly name: string }) | undefined;
  /** Pages beyond which memory.grow fails. */
  readonly pagesMax: number;
  /** Name of the exported start function. */
  readonly start: string | undefined;
  /** The module's own mutable globals: with the memory and the tables, all the state of an instance. */
  readonly globals: readonly MutableGlobal[];
  readonly tables: readonly MeteredTable[];
  /** Whether code may change tables. */
  readonly changesTables: boolean;
  /** Whether code may drop segments, which nothing can bring back: such an instance serves one run. */
  readonly dropsSegments: boolean;
}

export interface MeteredModule {
  readonly bytes: Uint8Array;
  readonly version: number;
  readonly meta: ModuleMeta;
}

const LARGEST_MEMORY_PAGES = 65_536;

/**
 * Validates and instruments a module; the same bytes and policy give the same result everywhere.
 * @throws `module-malformed`, `module-invalid`, `module-refused`, `policy-invalid`
 */
export function meterModule(wasm: Uint8Array, policy: MeteringPolicy = {}): MeteredModule {
  requirePolicy(policy);
  const shape = readModule(wasm);
  const pagesMax = Math.min(shape.memory?.max ?? LARGEST_MEMORY_PAGES, policy.pagesMax ?? LARGEST_MEMORY_PAGES);
  if (shape.memory && shape.memory.min > pagesMax) {
    throw refused(
      0,
      `memory of ${shape.memory.min} pages exceeds the limit of ${pagesMax}`,
      "Ask for more memory pages.",
    );
  }
  if (shape.start !== undefined) shape.referenced.add(shape.start);
  const module = new ModuleScan(shape, policy.accessFuel ?? accessFuel(pagesMax));
  const scans = shape.bodies.map((body, index) => {
    const type = shape.types[shape.functions[index + shape.importedFunctions] as number] as FunctionType;
    return scanBody(module, body, type);
  });
  const context = new EmitContext(shape, planFunctions(shape, scans));
  return {
    bytes: emitModule(context, pagesMax),
    version: METERING_VERSION,
    meta: {
      ...describe(shape, pagesMax),
      changesTables: scans.some(({ changesTables }) => changesTables),
      dropsSegments: scans.some(({ dropsSegments }) => dropsSegments),
    },
  };
}

function describe(shape: ModuleShape, pagesMax: number): Omit<ModuleMeta, "changesTables" | "dropsSegments"> {
  const typeOf = (index: number) => shape.types[shape.functions[index] as number] as FunctionType;
  const memoryImport = shape.imports.find(({ kind }) => kind === "memory");
  return {
    imports: shape.imports.map(({ module, name, kind, index }) => ({
      ...{ module, name, kind },
      ...(kind === "function" && { type: typeOf(index) }),
    })),
    exports: shape.exports,
    functionTypes: new Map(
      shape.exports.filter(({ kind }) => kind === "function").map(({ name, index }) => [name, typeOf(index)]),
    ),
    memory: shape.memory && {
      ...shape.memory,
      module: memoryImport?.module ?? ABI.module,
      name: memoryImport?.name ?? ABI.memory,
    },
    pagesMax,
    start: shape.start === undefined ? undefined : ABI.start,
    globals: [...shape.globals.entries()]
      .filter(([index, { mutable }]) => mutable && index >= shape.importedGlobals)
      .map(([index, { type }]) => ({ exportName: ABI.global(index), type })),
    tables: shape.tables.map((table, index) => ({ ...table, exportName: ABI.table(index) })),
  };
}

function requirePolicy({ pagesMax, accessFuel: fuel }: MeteringPolicy): void {
  const good =
    (pagesMax === undefined || (Number.isInteger(pagesMax) && pagesMax >= 0 && pagesMax <= LARGEST_MEMORY_PAGES)) &&
    (fuel === undefined || (Number.isInteger(fuel) && fuel >= 1 && fuel <= 64));
  if (!good) {
    throw new ProtocolError("invalid", "policy-invalid", "The metering policy is out of range.", {
      hint: "Give pagesMax from 0 to 65536 and accessFuel from 1 to 64, or leave them out.",
      context: { pagesMax, accessFuel: fuel },
    });
  }
}
