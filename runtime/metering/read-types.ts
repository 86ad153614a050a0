// Reads the types of functions, tables, memories and globals.
import type { ByteReader } from "./byte-reader.ts";
import { MODULE_LIMITS } from "./limits.ts";
import { invalid, malformed, refused } from "./module-error.ts";
import type { GlobalType, Limits, ModuleShape, TableType } from "./module-shape.ts";
import { isReferenceType, isValueType } from "./value-type.ts";

/** Forms of types that later proposals added; known, so that the refusal can say so. */
const LATER_TYPE_FORMS: ReadonlySet<number> = new Set([0x5f, 0x5e, 0x50, 0x4f, 0x4e]);
const FIRST_LATER_VALUE_TYPE = 0x63;
const LAST_LATER_VALUE_TYPE = 0x74;
const LARGEST_MEMORY_PAGES = 65_536;

export function readFunctionType(reader: ByteReader, shape: ModuleShape): void {
  const offset = reader.position;
  const form = reader.byte();
  if (LATER_TYPE_FORMS.has(form)) throw refused(offset, "typed references and GC are outside the accepted feature set");
  if (form !== 0x60) throw malformed(offset, "integer representation too long or malformed function type");
  const params = readTypes(reader, MODULE_LIMITS.params, "parameters");
  const results = readTypes(reader, MODULE_LIMITS.results, "results");
  shape.types.push({ params, results });
}

export function readFunctionIndex(reader: ByteReader, shape: ModuleShape): void {
  shape.functions.push(readTypeIndex(reader, shape));
}

export function readTypeIndex(reader: ByteReader, shape: ModuleShape): number {
  const offset = reader.position;
  const index = reader.u32();
  if (index >= shape.types.length) throw invalid(offset, `unknown type ${index}`);
  return index;
}

export function readValueType(reader: ByteReader): number {
  const offset = reader.position;
  const type = reader.byte();
  if (isValueType(type)) return type;
  if (type >= FIRST_LATER_VALUE_TYPE && type <= LAST_LATER_VALUE_TYPE)
    throw refused(offset, "typed references and GC are outside the accepted feature set");
  throw malformed(offset, `malformed value type 0x${type.toString(16)}`);
}

export function readReferenceType(reader: ByteReader): number {
  const offset = reader.position;
  const type = readValueType(reader);
  if (!isReferenceType(type)) throw malformed(offset, "malformed reference type");
  return type;
}

/** The type of a null reference; later proposals allow the index of a type here. */
export function readNullType(reader: ByteReader): number {
  const next = reader.peek();
  if (next >= 0 && (next < 0x40 || next >= 0x80)) {
    throw refused(reader.position, "typed references and GC are outside the accepted feature set");
  }
  return readReferenceType(reader);
}

export function readTableType(reader: ByteReader): TableType {
  const offset = reader.position;
  const element = readReferenceType(reader);
  const limits = readLimits(reader);
  if (limits.min > MODULE_LIMITS.tableElements) {
    throw refused(offset, `table of ${limits.min} elements exceeds the limit of ${MODULE_LIMITS.tableElements}`);
  }
  return { element, ...limits };
}

export function readMemoryType(reader: ByteReader): Limits {
  const offset = reader.position;
  const limits = readLimits(reader);
  if (limits.min > LARGEST_MEMORY_PAGES || (limits.max ?? 0) > LARGEST_MEMORY_PAGES) {
    throw invalid(offset, "memory size must be at most 65536 pages (4GiB)");
  }
  return limits;
}

export function readGlobalType(reader: ByteReader): GlobalType {
  const type = readValueType(reader);
  const offset = reader.position;
  const mutability = reader.byte();
  if (mutability > 1) throw malformed(offset, "malformed mutability");
  return { type, mutable: mutability === 1 };
}

function readLimits(reader: ByteReader): Limits {
  const offset = reader.position;
  const flags = reader.byte();
  if (flags > 7) throw malformed(offset, "malformed limits flags");
  if (flags & 4) throw refused(offset, "64-bit memories and tables are outside the accepted feature set");
  if (flags & 2) throw refused(offset, "shared memories are outside the accepted feature set");
  const min = reader.u32();
  if (flags === 0) return { min, max: undefined };
  const max = reader.u32();
  if (min > max) throw invalid(offset, "size minimum must not be greater than maximum");
  return { min, max };
}

function readTypes(reader: ByteReader, limit: number, what: string): number[] {
  const offset = reader.position;
  const count = reader.u32();
  if (count > reader.end - reader.position) throw malformed(offset, "unexpected end: length out of bounds");
  if (count > limit) throw refused(offset, `${count} ${what} exceed the limit of ${limit}`);
  const types: number[] = [];
  for (let index = 0; index < count; index++) types.push(readValueType(reader));
  return types;
}
