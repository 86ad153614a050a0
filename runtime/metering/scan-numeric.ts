// Scans instructions that compute: plain operations, memory accesses, lanes, constants, and select.
import type { BodyScan } from "./body-scan.ts";
import {
  ALIGNMENT,
  FORM,
  FORMS,
  IGNORES_NAN_BITS,
  LANES,
  MAKES_NAN,
  PASSES_NAN,
  POP_COUNT,
  POP_TYPES,
  RESULT,
  SHAPE,
} from "./instructions.ts";
import { invalid, malformed } from "./module-error.ts";
import { FIXED, SAFE } from "./nan-flow.ts";
import { readValueType } from "./read-types.ts";
import { BOTTOM, F32, F64, I32, isNumberType, isReferenceType, V128 } from "./value-type.ts";

/** An operation whose operands and result its signature tells. */
export function scanPlain(scan: BodyScan, opcode: number): void {
  const makes = MAKES_NAN[opcode] as number;
  const ignores = IGNORES_NAN_BITS[opcode] as number;
  if (PASSES_NAN[opcode]) {
    scanPassing(scan, opcode);
    return;
  }
  const count = POP_COUNT[opcode] as number;
  for (let place = 0; place < count; place++) {
    const site = scan.pop(POP_TYPES[opcode * 3 + place] as number);
    if (site >= 0 && scan.nan.shapeOf(site) !== ignores) scan.nan.use(site);
  }
  const result = RESULT[opcode] as number;
  if (result === 0) return;
  if (makes === 0) scan.push(result, isConversion(opcode) ? SAFE : FIXED);
  else scan.push(result, scan.dead ? FIXED : scan.nan.make(scan.reader.position, makes));
}

/** An integer becomes a float: never a NaN. */
function isConversion(opcode: number): boolean {
  return (opcode >= 0xb2 && opcode <= 0xb5) || (opcode >= 0xb7 && opcode <= 0xba);
}

/** abs, neg, splat and extract_lane keep a NaN a NaN: the choice of its bits can wait. */
function scanPassing(scan: BodyScan, opcode: number): void {
  const operand = POP_TYPES[opcode * 3] as number;
  const result = RESULT[opcode] as number;
  const site = scan.pop(operand);
  if (site < 0) {
    scan.push(result, site === SAFE && result === operand ? SAFE : FIXED);
    return;
  }
  const shape = scan.nan.shapeOf(site);
  const resultShape = shapeAfter(opcode, operand, result, shape);
  if (resultShape === SHAPE.none || scan.dead) {
    scan.nan.use(site);
    scan.push(result, FIXED);
  } else scan.push(result, scan.nan.make(scan.reader.position, resultShape));
}

const F32X4_OPCODES: ReadonlySet<number> = new Set([0x2e0, 0x2e1]);

function shapeAfter(opcode: number, operand: number, result: number, shape: number): number {
  if (operand !== V128) return result === V128 ? shape + SHAPE.f64 : shape;
  if (result === F32) return shape === SHAPE.f32x4 ? SHAPE.f32 : SHAPE.none;
  if (result === F64) return shape === SHAPE.f64x2 ? SHAPE.f64 : SHAPE.none;
  return shape === (F32X4_OPCODES.has(opcode) ? SHAPE.f32x4 : SHAPE.f64x2) ? shape : SHAPE.none;
}

/** A load or store, with a lane or without. */
export function scanMemoryAccess(scan: BodyScan, opcode: number): void {
  const { reader } = scan;
  const offset = reader.position;
  const alignment = reader.u32();
  if (alignment >= 64 && alignment < 128) throw malformed(offset, "malformed memory argument: multiple memories");
  if (alignment >= 32) throw malformed(offset, "malformed memop flags");
  reader.u32();
  if (!scan.shape.memory) throw invalid(offset, "unknown memory 0");
  if (alignment > (ALIGNMENT[opcode] as number)) throw invalid(offset, "alignment must not be larger than natural");
  scan.segments.pending += scan.module.accessFuel - 1;
  if (FORMS[opcode] === FORM.memoryLane) scanLane(scan, opcode);
  else takeAndPush(scan, opcode);
}

export function scanLane(scan: BodyScan, opcode: number): void {
  const offset = scan.reader.position;
  if (scan.reader.byte() >= (LANES[opcode] as number)) throw invalid(offset, "invalid lane index");
  if (PASSES_NAN[opcode]) scanPassing(scan, opcode);
  else takeAndPush(scan, opcode);
}

export function scanShuffle(scan: BodyScan, opcode: number): void {
  for (let lane = 0; lane < 16; lane++) {
    if (scan.reader.byte() >= 32) throw invalid(scan.reader.position - 1, "invalid lane index");
  }
  takeAndPush(scan, opcode);
}

function takeAndPush(scan: BodyScan, opcode: number): void {
  const count = POP_COUNT[opcode] as number;
  for (let place = 0; place < count; place++) scan.take(POP_TYPES[opcode * 3 + place] as number);
  const result = RESULT[opcode] as number;
  if (result !== 0) scan.push(result);
}

export function scanFloatConstant(scan: BodyScan, type: number): void {
  const { reader } = scan;
  const at = reader.position;
  reader.skip(type === F32 ? 4 : 8);
  const view = new DataView(reader.bytes.buffer, reader.bytes.byteOffset + at);
  const value = type === F32 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  scan.push(type, Number.isNaN(value) ? FIXED : SAFE);
}

export function scanVectorConstant(scan: BodyScan): void {
  scan.reader.skip(16);
  scan.push(V128);
}

export function scanSelect(scan: BodyScan, typed: boolean): void {
  const { reader } = scan;
  const offset = reader.position;
  if (typed && reader.u32() !== 1) throw invalid(offset, "invalid result arity of select");
  const named = typed ? readValueType(reader) : undefined;
  scan.take(I32);
  if (named !== undefined) {
    pushSelected(scan, named, scan.pop(named), scan.pop(named));
    return;
  }
  const right = scan.popAny();
  const rightSite = right === BOTTOM ? FIXED : (scan.sites[scan.height] as number);
  const left = scan.popAny();
  const leftSite = left === BOTTOM ? FIXED : (scan.sites[scan.height] as number);
  const type = right === BOTTOM ? left : right;
  if (isReferenceType(left) || isReferenceType(right)) throw invalid(offset, "type mismatch: select needs its type");
  if (left !== right && left !== BOTTOM && right !== BOTTOM) throw invalid(offset, "type mismatch in select");
  pushSelected(scan, type, rightSite, leftSite);
}

/** One of two open NaNs is an open NaN; mixed with a fixed value, the open one must be settled first. */
function pushSelected(scan: BodyScan, type: number, right: number, left: number): void {
  const open = isNumberType(type) && right !== FIXED && left !== FIXED;
  if (open && (right >= 0 || left >= 0) && !scan.dead) {
    scan.push(type, scan.nan.make(scan.reader.position, type === F32 ? SHAPE.f32 : SHAPE.f64));
    return;
  }
  scan.nan.use(right);
  scan.nan.use(left);
  scan.push(type, open && !scan.dead ? SAFE : FIXED);
}
