// Last stage of the pass: writes the module again. Indices are never renumbered: everything new stands at the end of its
// index space, and what needs no change is copied as it is.
import { ByteWriter } from "./byte-writer.ts";
import { emitBody } from "./emit-body.ts";
import type { EmitContext } from "./emit-context.ts";
import { type InjectedFunction, initialBudget, injectedFunctions, trampolineBody } from "./injected-functions.ts";
import { ABI } from "./module-abi.ts";
import { SECTION, SECTION_ORDER } from "./section-id.ts";
import { type FunctionType, I32, I64 } from "./value-type.ts";

const HEADER: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const;

/** `pagesMax` is the most memory that the module may ever grow to. */
export function emitModule(context: EmitContext, pagesMax: number): Uint8Array {
  const { shape } = context;
  const writer = new ByteWriter(Math.ceil(shape.bytes.length * 1.5) + 1_024);
  const injected = injectedFunctions(context);
  // Code first, into its own buffer: only it knows which types are needed.
  const code = new ByteWriter(Math.ceil(shape.bytes.length * 1.4) + 1_024);
  emitCode(context, injected, code);
  const functions = functionTypes(context, injected);
  writer.all(HEADER);
  for (const id of SECTION_ORDER) {
    if (id === SECTION.type) emitTypes(context, writer);
    else if (id === SECTION.import) emitImports(context, writer);
    else if (id === SECTION.function) emitFunctions(functions, writer);
    else if (id === SECTION.global) emitGlobals(context, pagesMax, writer);
    else if (id === SECTION.export) emitExports(context, writer);
    else if (id === SECTION.code)
      emitSection(writer, id, functions.length, () => writer.copy(code.bytes, 0, code.length));
    else if (id === SECTION.dataCount) emitDataCount(context, writer);
    else if (id !== SECTION.memory && id !== SECTION.start) copySection(context, id, writer);
  }
  return writer.finish();
}

function emitSection(writer: ByteWriter, id: number, count: number, emitEntries: () => void): void {
  writer.byte(id);
  const start = writer.beginSized();
  writer.u32(count);
  emitEntries();
  writer.endSized(start);
}

function copyEntries({ shape }: EmitContext, id: number, writer: ByteWriter): void {
  const entries = shape.sections.get(id);
  if (entries) writer.copy(shape.bytes, entries.start, entries.end);
}

function countOf({ shape }: EmitContext, id: number): number {
  return shape.sections.get(id)?.count ?? 0;
}

function copySection(context: EmitContext, id: number, writer: ByteWriter): void {
  const count = countOf(context, id);
  if (count > 0) emitSection(writer, id, count, () => copyEntries(context, id, writer));
}

function emitTypes(context: EmitContext, writer: ByteWriter): void {
  const count = context.shape.types.length + context.addedTypes.length;
  emitSection(writer, SECTION.type, count, () => {
    copyEntries(context, SECTION.type, writer);
    for (const type of context.addedTypes) {
      writer.byte(0x60);
      writer.u32(type.params.length);
      writer.all(type.params);
      writer.u32(type.results.length);
      writer.all(type.results);
    }
  });
}

/** The module's own memory becomes an import, so that the host can lend one and take it back. */
function emitImports(context: EmitContext, writer: ByteWriter): void {
  const { memory, memoryImported } = context.shape;
  const own = memory !== undefined && !memoryImported;
  const count = countOf(context, SECTION.import) + (own ? 1 : 0);
  if (count === 0) return;
  emitSection(writer, SECTION.import, count, () => {
    copyEntries(context, SECTION.import, writer);
    if (!own) return;
    writer.name(ABI.module);
    writer.name(ABI.memory);
    writer.all([KIND.memory, 0]);
    writer.u32(memory.min);
  });
}

/** Type of every function of the module that is written, in index order. */
function functionTypes(context: EmitContext, injected: readonly InjectedFunction[]): number[] {
  const { shape, plans } = context;
  const types = plans.map(({ convention, trampoline, scan }, index) =>
    convention === "register" && !trampoline
      ? context.withBudget(scan.type)
      : (shape.functions[index + shape.importedFunctions] as number),
  );
  for (const { scan } of context.movedBodies) types.push(context.withBudget(scan.type));
  for (const { type } of injected) types.push(context.typeIndexOf(type));
  return types;
}

function emitFunctions(types: readonly number[], writer: ByteWriter): void {
  emitSection(writer, SECTION.function, types.length, () => {
    for (const type of types) writer.u32(type);
  });
}

function emitGlobals(context: EmitContext, pagesMax: number, writer: ByteWriter): void {
  emitSection(writer, SECTION.global, countOf(context, SECTION.global) + 3, () => {
    copyEntries(context, SECTION.global, writer);
    writer.all([I64, 1, 0x42, ...initialBudget(), 0x0b]);
    writer.all([I32, 1, 0x41]);
    writer.positive(pagesMax);
    writer.all([0x0b, I32, 1, 0x41, 0, 0x0b]);
  });
}

function emitExports(context: EmitContext, writer: ByteWriter): void {
  const { shape } = context;
  const added: (readonly [name: string, kind: number, index: number])[] = [
    [ABI.budget, KIND.global, context.budgetGlobal],
    [ABI.pages, KIND.global, context.pagesGlobal],
    [ABI.fault, KIND.global, context.faultGlobal],
    [ABI.charge, KIND.function, context.chargeFunction],
  ];
  if (shape.start !== undefined) added.push([ABI.start, KIND.function, shape.start]);
  for (const [index, { mutable }] of shape.globals.entries()) {
    if (mutable && index >= shape.importedGlobals) added.push([ABI.global(index), KIND.global, index]);
  }
  for (const index of shape.tables.keys()) added.push([ABI.table(index), KIND.table, index]);
  emitSection(writer, SECTION.export, countOf(context, SECTION.export) + added.length, () => {
    copyEntries(context, SECTION.export, writer);
    for (const [name, kind, index] of added) {
      writer.name(name);
      writer.byte(kind);
      writer.u32(index);
    }
  });
}

function emitDataCount({ shape }: EmitContext, writer: ByteWriter): void {
  if (shape.dataCount === undefined) return;
  writer.byte(SECTION.dataCount);
  const start = writer.beginSized();
  writer.u32(shape.dataCount);
  writer.endSized(start);
}

function emitCode(context: EmitContext, injected: readonly InjectedFunction[], writer: ByteWriter): void {
  const { shape, plans } = context;
  for (const [index, plan] of plans.entries()) {
    if (plan.trampoline) {
      emitSmall(trampolineBody(context, index + shape.importedFunctions, plan.scan.type as FunctionType), writer);
    } else emitBody(plan, context, writer);
  }
  for (const plan of context.movedBodies) emitBody(plan, context, writer);
  for (const { body } of injected) emitSmall(body, writer);
}

function emitSmall(body: readonly number[], writer: ByteWriter): void {
  writer.u32(body.length);
  writer.all(body);
}
