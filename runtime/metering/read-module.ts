// First stage of the pass: reads a module's sections into its shape and checks every rule that needs no function body.
import { ByteReader } from "./byte-reader.ts";
import { MODULE_LIMITS } from "./limits.ts";
import { invalid, malformed, refused } from "./module-error.ts";
import type { ModuleShape } from "./module-shape.ts";
import { readExport, readGlobal, readImport, readMemory, readStart, readTable } from "./read-entities.ts";
import { readData, readElement } from "./read-segments.ts";
import { readFunctionIndex, readFunctionType } from "./read-types.ts";
import { SECTION, SECTION_ORDER } from "./section-id.ts";

/** @throws `module-malformed`, `module-invalid`, `module-refused` */
export function readModule(bytes: Uint8Array): ModuleShape {
  if (bytes.length > MODULE_LIMITS.moduleBytes) {
    throw refused(0, `${bytes.length} bytes exceed the limit of ${MODULE_LIMITS.moduleBytes}`);
  }
  const reader = new ByteReader(bytes);
  requireHeader(reader);
  const shape = emptyShape(bytes);
  let order = -1;
  while (!reader.atEnd()) {
    const offset = reader.position;
    const id = reader.byte();
    const size = reader.u32();
    if (size > bytes.length - reader.position) throw malformed(offset, "unexpected end: length out of bounds");
    const section = new ByteReader(bytes, reader.position, reader.position + size);
    if (id === SECTION.custom) section.name();
    else {
      const place = orderOf(id, offset);
      if (place <= order) throw malformed(offset, "unexpected content after last section: order of sections");
      order = place;
      readSection(id, section, shape);
      if (!section.atEnd()) throw malformed(section.position, "section size mismatch");
    }
    reader.position += size;
  }
  requireConsistency(shape);
  return shape;
}

function requireHeader(reader: ByteReader): void {
  for (const expected of [0x00, 0x61, 0x73, 0x6d]) {
    if (reader.byte() !== expected) throw malformed(0, "magic header not detected");
  }
  const version = [reader.byte(), reader.byte(), reader.byte(), reader.byte()];
  if (version[2] === 1) throw refused(4, "a component is not a module");
  if (version.some((byte, index) => byte !== (index === 0 ? 1 : 0))) throw malformed(4, "unknown binary version");
}

function orderOf(id: number, offset: number): number {
  if (id === SECTION.tag) throw refused(offset, "exception tags are outside the accepted feature set");
  const place = SECTION_ORDER.indexOf(id);
  if (place === -1) throw malformed(offset, `malformed section id ${id}`);
  return place;
}

function readSection(id: number, reader: ByteReader, shape: ModuleShape): void {
  switch (id) {
    case SECTION.type:
      readEntries(reader, shape, id, MODULE_LIMITS.types, readFunctionType);
      return;
    case SECTION.import:
      readEntries(reader, shape, id, MODULE_LIMITS.imports, readImport);
      return;
    case SECTION.function:
      readEntries(reader, shape, id, MODULE_LIMITS.functions, readFunctionIndex);
      return;
    case SECTION.table:
      readEntries(reader, shape, id, MODULE_LIMITS.tables, readTable);
      return;
    case SECTION.memory:
      readEntries(reader, shape, id, 1, readMemory);
      return;
    case SECTION.global:
      readEntries(reader, shape, id, MODULE_LIMITS.globals, readGlobal);
      return;
    case SECTION.export:
      readEntries(reader, shape, id, MODULE_LIMITS.exports, readExport);
      requireDistinctExports(shape, reader.position);
      return;
    case SECTION.start:
      readStart(reader, shape);
      return;
    case SECTION.element:
      readEntries(reader, shape, id, MODULE_LIMITS.elementSegments, readElement);
      return;
    case SECTION.dataCount:
      shape.dataCount = reader.u32();
      return;
    case SECTION.code:
      readEntries(reader, shape, id, MODULE_LIMITS.functions, readBody);
      return;
    default:
      readEntries(reader, shape, id, MODULE_LIMITS.dataSegments, readData);
      return;
  }
}

function readEntries(
  reader: ByteReader,
  shape: ModuleShape,
  id: number,
  limit: number,
  readOne: (reader: ByteReader, shape: ModuleShape) => void,
): void {
  const offset = reader.position;
  const count = reader.u32();
  // Every entry takes a byte at least: a larger count is a damaged file, not a large one.
  if (count > reader.end - reader.position) throw malformed(offset, "unexpected end: length out of bounds");
  if (count > limit) throw refused(offset, `${count} entries in section ${id} exceed the limit of ${limit}`);
  const start = reader.position;
  if (id === SECTION.code && count !== shape.functions.length - shape.importedFunctions) {
    throw malformed(offset, "function and code section have inconsistent lengths");
  }
  for (let entry = 0; entry < count; entry++) readOne(reader, shape);
  shape.sections.set(id, { count, start, end: reader.position });
}

function readBody(reader: ByteReader, shape: ModuleShape): void {
  const size = reader.u32();
  const start = reader.position;
  reader.skip(size);
  if (size > MODULE_LIMITS.bodyBytes) {
    throw refused(start, `function body of ${size} bytes exceeds the limit of ${MODULE_LIMITS.bodyBytes}`, "Split it.");
  }
  shape.bodies.push({ start, end: start + size });
}

function requireDistinctExports(shape: ModuleShape, offset: number): void {
  if (new Set(shape.exports.map(({ name }) => name)).size !== shape.exports.length) {
    throw invalid(offset, "duplicate export name");
  }
}

function requireConsistency(shape: ModuleShape): void {
  const end = shape.bytes.length;
  if (shape.bodies.length !== shape.functions.length - shape.importedFunctions) {
    throw malformed(end, "function and code section have inconsistent lengths");
  }
  if (shape.dataCount !== undefined && shape.dataCount !== shape.dataSegments) {
    throw malformed(end, "data count and data section have inconsistent lengths");
  }
}

function emptyShape(bytes: Uint8Array): ModuleShape {
  return {
    bytes,
    types: [],
    imports: [],
    functions: [],
    importedFunctions: 0,
    tables: [],
    importedTables: 0,
    memory: undefined,
    memoryImported: false,
    globals: [],
    importedGlobals: 0,
    exports: [],
    start: undefined,
    elementTypes: [],
    dataCount: undefined,
    dataSegments: 0,
    referenced: new Set(),
    inTables: new Set(),
    bodies: [],
    sections: new Map(),
  };
}
