// Reads imports, tables, memories, globals, exports and the start function.
import type { ByteReader } from "./byte-reader.ts";
import { readConstantExpression } from "./constant-expression.ts";
import { ABI, isReservedExport } from "./module-abi.ts";
import { invalid, malformed, refused } from "./module-error.ts";
import type { ExternalKind, ModuleShape } from "./module-shape.ts";
import { readGlobalType, readMemoryType, readTableType, readTypeIndex } from "./read-types.ts";

const KINDS: readonly ExternalKind[] = ["function", "table", "memory", "global"];

export function readImport(reader: ByteReader, shape: ModuleShape): void {
  const offset = reader.position;
  const module = reader.name();
  const name = reader.name();
  if (module === ABI.module) throw refused(offset, `import module name "${module.slice(0, 40)}" is reserved`);
  const kind = readKind(reader);
  shape.imports.push({ module, name, kind, index: readImported(kind, reader, shape) });
}

function readImported(kind: ExternalKind, reader: ByteReader, shape: ModuleShape): number {
  if (kind === "function") {
    shape.importedFunctions++;
    return shape.functions.push(readTypeIndex(reader, shape)) - 1;
  }
  if (kind === "table") {
    shape.importedTables++;
    return shape.tables.push(readTableType(reader)) - 1;
  }
  if (kind === "memory") {
    setMemory(reader, shape);
    shape.memoryImported = true;
    return 0;
  }
  shape.importedGlobals++;
  return shape.globals.push(readGlobalType(reader)) - 1;
}

export function readTable(reader: ByteReader, shape: ModuleShape): void {
  if (reader.peek() === 0x40) {
    throw refused(reader.position, "tables with an initial expression are outside the accepted feature set");
  }
  shape.tables.push(readTableType(reader));
}

export function readMemory(reader: ByteReader, shape: ModuleShape): void {
  setMemory(reader, shape);
}

function setMemory(reader: ByteReader, shape: ModuleShape): void {
  if (shape.memory) throw refused(reader.position, "multiple memories are outside the accepted feature set");
  shape.memory = readMemoryType(reader);
}

export function readGlobal(reader: ByteReader, shape: ModuleShape): void {
  const global = readGlobalType(reader);
  readConstantExpression(reader, shape, global.type);
  shape.globals.push(global);
}

export function readExport(reader: ByteReader, shape: ModuleShape): void {
  const offset = reader.position;
  const name = reader.name();
  if (isReservedExport(name)) throw refused(offset, `export name "${name.slice(0, 40)}" is reserved`);
  const kind = readKind(reader);
  const index = reader.u32();
  const count = {
    function: shape.functions.length,
    table: shape.tables.length,
    memory: shape.memory ? 1 : 0,
    global: shape.globals.length,
  }[kind];
  if (index >= count) throw invalid(offset, `unknown ${kind} ${index}`);
  if (kind === "function") shape.referenced.add(index);
  shape.exports.push({ name, kind, index });
}

export function readStart(reader: ByteReader, shape: ModuleShape): void {
  const offset = reader.position;
  const index = reader.u32();
  const type = shape.types[shape.functions[index] ?? -1];
  if (!type) throw invalid(offset, `unknown function ${index}`);
  if (type.params.length > 0 || type.results.length > 0)
    throw invalid(offset, "start function must take and give nothing");
  shape.start = index;
}

function readKind(reader: ByteReader): ExternalKind {
  const offset = reader.position;
  const code = reader.byte();
  if (code === 4) throw refused(offset, "exception tags are outside the accepted feature set");
  const kind = KINDS[code];
  if (!kind) throw malformed(offset, "malformed import or export kind");
  return kind;
}
