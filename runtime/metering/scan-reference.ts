// Scans variables, references, tables, memory size and growth, and the bulk instructions.
import type { BodyScan } from "./body-scan.ts";
import { EDIT } from "./edits.ts";
import { SHAPE } from "./instructions.ts";
import { invalid, malformed } from "./module-error.ts";
import { FIXED } from "./nan-flow.ts";
import { readNullType } from "./read-types.ts";
import { BOTTOM, F32, F64, FUNCREF, I32, isReferenceType } from "./value-type.ts";

/** Which injected function charges for a length: bytes or table elements. */
export const BULK_OF = { bytes: 0, elements: 1 } as const;

const LOCAL_GET = 0x20;
const LOCAL_TEE = 0x22;

export function scanLocal(scan: BodyScan, opcode: number, offset: number): void {
  const local = scan.reader.u32();
  const type = scan.locals[local];
  if (type === undefined) throw invalid(offset, `unknown local ${local}`);
  const end = scan.reader.position;
  if (local === scan.type.params.length) scan.edit(EDIT.firstLocal, offset, end, opcode);
  const isFloat = type === F64 || type === F32;
  if (opcode === LOCAL_GET) {
    scan.counted.read(offset);
    if (!isFloat || scan.dead) {
      scan.push(type);
      return;
    }
    scan.push(type, scan.nan.readLocal(end, type === F32 ? SHAPE.f32 : SHAPE.f64, local));
    return;
  }
  if (opcode === LOCAL_TEE) scan.counted.tee(local, offset, end);
  else scan.counted.set(local, offset);
  const site = scan.pop(type);
  if (isFloat && !scan.dead) scan.nan.writeLocal(local, site);
  else scan.nan.use(site);
  if (opcode === LOCAL_TEE) scan.push(type, isFloat ? site : FIXED);
}

export function scanGlobal(scan: BodyScan, write: boolean): void {
  const offset = scan.reader.position;
  const index = scan.reader.u32();
  const global = scan.shape.globals[index];
  if (!global) throw invalid(offset, `unknown global ${index}`);
  if (!write) {
    scan.push(global.type);
    return;
  }
  if (!global.mutable) throw invalid(offset, "global is immutable");
  scan.take(global.type);
}

export function scanTableAccess(scan: BodyScan, write: boolean): void {
  const element = tableElement(scan);
  if (write) scan.take(element);
  scan.take(I32);
  if (write) scan.changesTables = true;
  else scan.push(element);
}

export function scanReferenceNull(scan: BodyScan): void {
  scan.push(readNullType(scan.reader));
}

export function scanReferenceIsNull(scan: BodyScan): void {
  const type = scan.popAny();
  if (type !== BOTTOM && !isReferenceType(type))
    throw invalid(scan.reader.position, "type mismatch: reference expected");
  scan.push(I32);
}

export function scanReferenceFunction(scan: BodyScan): void {
  const offset = scan.reader.position;
  const index = scan.reader.u32();
  if (index >= scan.shape.functions.length) throw invalid(offset, `unknown function ${index}`);
  if (!scan.shape.referenced.has(index)) throw invalid(offset, `undeclared function reference ${index}`);
  scan.shape.inTables.add(index);
  scan.push(FUNCREF);
}

export function scanMemorySize(scan: BodyScan): void {
  requireMemory(scan);
  scan.push(I32);
}

export function scanMemoryGrow(scan: BodyScan, start: number): void {
  requireMemory(scan);
  scan.take(I32);
  scan.push(I32);
  scan.chargesByLength = true;
  scan.edit(EDIT.grow, start, scan.reader.position, 0);
}

function requireMemory(scan: BodyScan): void {
  const offset = scan.reader.position;
  if (scan.reader.byte() !== 0) throw malformed(offset, "zero byte expected");
  if (!scan.shape.memory) throw invalid(offset, "unknown memory 0");
}

export function scanMemoryInit(scan: BodyScan, start: number): void {
  requireDataSegment(scan);
  requireMemory(scan);
  takeLengths(scan, start, BULK_OF.bytes);
}

export function scanDataDrop(scan: BodyScan): void {
  requireDataSegment(scan);
  scan.dropsSegments = true;
}

export function scanMemoryCopy(scan: BodyScan, start: number): void {
  requireMemory(scan);
  requireMemory(scan);
  takeLengths(scan, start, BULK_OF.bytes);
}

export function scanMemoryFill(scan: BodyScan, start: number): void {
  requireMemory(scan);
  takeLengths(scan, start, BULK_OF.bytes);
}

export function scanTableInit(scan: BodyScan, start: number): void {
  const segment = elementType(scan);
  if (tableElement(scan) !== segment) throw invalid(start, "type mismatch of element segment and table");
  scan.changesTables = true;
  takeLengths(scan, start, BULK_OF.elements);
}

export function scanElementDrop(scan: BodyScan): void {
  elementType(scan);
  scan.dropsSegments = true;
}

export function scanTableCopy(scan: BodyScan, start: number): void {
  const target = tableElement(scan);
  if (tableElement(scan) !== target) throw invalid(start, "type mismatch between tables");
  scan.changesTables = true;
  takeLengths(scan, start, BULK_OF.elements);
}

export function scanTableFill(scan: BodyScan, start: number): void {
  const element = tableElement(scan);
  scan.take(I32);
  scan.take(element);
  scan.take(I32);
  scan.changesTables = true;
  charge(scan, start, BULK_OF.elements);
}

export function scanTableGrow(scan: BodyScan, start: number): void {
  const offset = scan.reader.position;
  const element = tableElement(scan);
  const table = tableIndexAt(scan, offset);
  scan.take(I32);
  scan.take(element);
  scan.push(I32);
  scan.changesTables = true;
  scan.chargesByLength = true;
  scan.edit(EDIT.tableGrow, start, scan.reader.position, table);
}

export function scanTableSize(scan: BodyScan): void {
  tableElement(scan);
  scan.push(I32);
}

function takeLengths(scan: BodyScan, start: number, of: number): void {
  scan.take(I32);
  scan.take(I32);
  scan.take(I32);
  charge(scan, start, of);
}

function charge(scan: BodyScan, start: number, of: number): void {
  scan.chargesByLength = true;
  scan.edit(EDIT.bulk, start, start, of);
}

function tableElement(scan: BodyScan): number {
  const offset = scan.reader.position;
  const index = scan.reader.u32();
  const table = scan.shape.tables[index];
  if (!table) throw invalid(offset, `unknown table ${index}`);
  return table.element;
}

function tableIndexAt(scan: BodyScan, offset: number): number {
  const { reader } = scan;
  const end = reader.position;
  reader.position = offset;
  const index = reader.u32();
  reader.position = end;
  return index;
}

function elementType(scan: BodyScan): number {
  const offset = scan.reader.position;
  const type = scan.shape.elementTypes[scan.reader.u32()];
  if (type === undefined) throw invalid(offset, "unknown element segment");
  return type;
}

function requireDataSegment(scan: BodyScan): void {
  const offset = scan.reader.position;
  const index = scan.reader.u32();
  if (scan.shape.dataCount === undefined) throw malformed(offset, "data count section required");
  if (index >= scan.shape.dataCount) throw invalid(offset, `unknown data segment ${index}`);
}
