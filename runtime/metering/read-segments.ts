// Reads element and data segments.
import type { ByteReader } from "./byte-reader.ts";
import { readConstantExpression } from "./constant-expression.ts";
import { MODULE_LIMITS } from "./limits.ts";
import { invalid, malformed, refused } from "./module-error.ts";
import type { ModuleShape } from "./module-shape.ts";
import { readReferenceType } from "./read-types.ts";
import { FUNCREF, I32 } from "./value-type.ts";

/** Bits of an element segment's flags. */
const PASSIVE = 1;
const EXPLICIT_TABLE = 2;
const EXPRESSIONS = 4;

export function readElement(reader: ByteReader, shape: ModuleShape): void {
  const offset = reader.position;
  const flags = reader.u32();
  if (flags > 7) throw malformed(offset, "malformed elements segment kind");
  const active = (flags & PASSIVE) === 0;
  const explicit = (flags & (PASSIVE | EXPLICIT_TABLE)) !== 0;
  const table = active && explicit ? reader.u32() : 0;
  if (active) {
    if (table >= shape.tables.length) throw invalid(offset, `unknown table ${table}`);
    readConstantExpression(reader, shape, I32);
  }
  const type = explicit ? readElementType(reader, flags) : FUNCREF;
  if (active && shape.tables[table]?.element !== type)
    throw invalid(offset, "type mismatch of element segment and table");
  const count = reader.u32();
  if (count > reader.end - reader.position) throw malformed(offset, "unexpected end: length out of bounds");
  if (count > MODULE_LIMITS.elementsInSegment) throw refused(offset, `${count} elements in one segment`);
  for (let index = 0; index < count; index++) {
    if (flags & EXPRESSIONS) readConstantExpression(reader, shape, type);
    else readFunction(reader, shape);
  }
  shape.elementTypes.push(type);
}

function readElementType(reader: ByteReader, flags: number): number {
  if (flags & EXPRESSIONS) return readReferenceType(reader);
  const offset = reader.position;
  if (reader.byte() !== 0) throw malformed(offset, "malformed element kind");
  return FUNCREF;
}

function readFunction(reader: ByteReader, shape: ModuleShape): void {
  const offset = reader.position;
  const index = reader.u32();
  if (index >= shape.functions.length) throw invalid(offset, `unknown function ${index}`);
  shape.referenced.add(index);
  shape.inTables.add(index);
}

export function readData(reader: ByteReader, shape: ModuleShape): void {
  const offset = reader.position;
  const flags = reader.u32();
  if (flags > 2) throw malformed(offset, "malformed data segment kind");
  if (flags !== 1) {
    const memory = flags === 2 ? reader.u32() : 0;
    if (!shape.memory || memory !== 0) throw invalid(offset, `unknown memory ${memory}`);
    readConstantExpression(reader, shape, I32);
  }
  reader.skip(reader.u32());
  shape.dataSegments++;
}
