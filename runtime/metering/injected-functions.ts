// The functions that the pass adds to a module: charging by length, growing memory and tables, and trampolines.
import { FUEL_MAX, FUEL_SHIFT, packBudget } from "./budget.ts";
import { ByteWriter } from "./byte-writer.ts";
import { NO_RESULT, OP } from "./code-bytes.ts";
import { BULK_BYTES_PER_FUEL_LOG2, FUEL_PER_GROWN_PAGE, FUEL_PER_TABLE_ELEMENT_LOG2 } from "./cost-model.ts";
import type { EmitContext } from "./emit-context.ts";
import { MODULE_LIMITS } from "./limits.ts";
import type { TableType } from "./module-shape.ts";
import { type FunctionType, I32 } from "./value-type.ts";

export interface InjectedFunction {
  readonly type: FunctionType;
  /** Body with locals, without its size. */
  readonly body: readonly number[];
}

const FAILED: readonly number[] = [OP.i32Const, 0x7f];
const TABLE_PREFIX = 0xfc;
const TABLE_GROW = 0x0f;
const TABLE_SIZE = 0x10;

/** In the order of the indexes of the context. */
export function injectedFunctions(context: EmitContext): InjectedFunction[] {
  const functions = [
    chargeFunction(context),
    bulkFunction(context, [OP.localGet, 0, OP.i32Const, BULK_BYTES_PER_FUEL_LOG2, OP.i32ShrU], 0),
    bulkFunction(context, [OP.localGet, 0], FUEL_PER_TABLE_ELEMENT_LOG2),
  ];
  if (context.growFunction >= 0) functions.push(growFunction(context));
  for (const [table] of context.tableGrowFunctions) {
    functions.push(tableGrowFunction(context, table, context.shape.tables[table] as TableType));
  }
  return functions;
}

/** Keeps the original type: finds the budget in its global, passes it on and puts back what comes out. */
export function trampolineBody(context: EmitContext, functionIndex: number, type: FunctionType): readonly number[] {
  const code: number[] = [0];
  type.params.forEach((_, index) => {
    code.push(OP.localGet, ...u32(index));
  });
  code.push(OP.globalGet, ...u32(context.budgetGlobal));
  code.push(OP.call, ...u32(context.bodyIndexOf(functionIndex)));
  code.push(OP.globalSet, ...u32(context.budgetGlobal), OP.end);
  return code;
}

/** (fuel): what a host function charges for its own work. */
function chargeFunction(context: EmitContext): InjectedFunction {
  return { type: { params: [I32], results: [] }, body: [0, ...charge(context, [OP.localGet, 0], FUEL_SHIFT), OP.end] };
}

/** (length) -> length: charges for a bulk instruction, and gives the length on to it. */
function bulkFunction(context: EmitContext, count: readonly number[], shift: number): InjectedFunction {
  const code = charge(context, count, FUEL_SHIFT + shift);
  return { type: { params: [I32], results: [I32] }, body: [0, ...code, OP.localGet, 0, OP.end] };
}

/**
 * (pages) -> old size or -1. Beyond the cap it fails by rule. Where the host cannot give what the cap allows, the fault
 * flag is raised and the run has no receipt: another node may have had the memory.
 */
function growFunction(context: EmitContext): InjectedFunction {
  const size = [OP.memorySize, 0];
  const cap = [OP.globalGet, ...u32(context.pagesGlobal)];
  const grow = [OP.localGet, 0, OP.memoryGrow, 0];
  return {
    type: { params: [I32], results: [I32] },
    body: [
      ...[1, 1, I32],
      ...refuseAbove([OP.localGet, 0], size, cap),
      ...charge(context, [OP.localGet, 0], FUEL_SHIFT + Math.log2(FUEL_PER_GROWN_PAGE)),
      ...growOrFault(context, grow, 1),
    ],
  };
}

/** (element, count) -> old size or -1, in the same way. */
function tableGrowFunction(context: EmitContext, table: number, type: TableType): InjectedFunction {
  const size = [TABLE_PREFIX, TABLE_SIZE, ...u32(table)];
  const cap = [
    OP.i32Const,
    ...positive(Math.min(type.max ?? MODULE_LIMITS.tableElements, MODULE_LIMITS.tableElements)),
  ];
  const grow = [OP.localGet, 0, OP.localGet, 1, TABLE_PREFIX, TABLE_GROW, ...u32(table)];
  return {
    type: { params: [type.element, I32], results: [I32] },
    body: [
      ...[1, 1, I32],
      ...refuseAbove([OP.localGet, 1], size, cap),
      ...charge(context, [OP.localGet, 1], FUEL_SHIFT + FUEL_PER_TABLE_ELEMENT_LOG2),
      ...growOrFault(context, grow, 2),
    ],
  };
}

/** if (extra + size > cap) return -1, without overflow. */
function refuseAbove(extra: readonly number[], size: readonly number[], cap: readonly number[]): number[] {
  return [
    ...[...extra, OP.i64ExtendI32U, ...size, OP.i64ExtendI32U, OP.i64Add],
    ...[...cap, OP.i64ExtendI32U, OP.i64GtU],
    ...[OP.if, NO_RESULT, ...FAILED, OP.return, OP.end],
  ];
}

function growOrFault(context: EmitContext, grow: readonly number[], local: number): number[] {
  return [
    ...[...grow, OP.localTee, local, ...FAILED, OP.i32Eq],
    ...[OP.if, NO_RESULT, OP.i32Const, 1, OP.globalSet, ...u32(context.faultGlobal), OP.end],
    ...[OP.localGet, local, OP.end],
  ];
}

/** budget -= count << shift; stop when its fuel is below zero. */
function charge(context: EmitContext, count: readonly number[], shift: number): number[] {
  const budget = u32(context.budgetGlobal);
  return [
    ...[OP.globalGet, ...budget, ...count, OP.i64ExtendI32U, OP.i64Const, ...positive(shift), OP.i64Shl],
    ...[OP.i64Sub, OP.globalSet, ...budget],
    ...[OP.globalGet, ...budget, OP.i64Const, 0, OP.i64LtS, OP.if, NO_RESULT, OP.unreachable, OP.end],
  ];
}

/** What the budget's global starts with, as a signed integer: a module can also be run without a limit. */
export function initialBudget(): readonly number[] {
  let rest = packBudget(FUEL_MAX);
  const bytes: number[] = [];
  for (; rest >= 0x40n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

function u32(value: number): number[] {
  const writer = new ByteWriter(8);
  writer.u32(value);
  return [...writer.finish()];
}

function positive(value: number): number[] {
  const writer = new ByteWriter(8);
  writer.positive(value);
  return [...writer.finish()];
}
