// Checks the expressions that initialise globals and place segments. Extended constant arithmetic is accepted.
import type { ByteReader } from "./byte-reader.ts";
import { invalid, malformed, refused } from "./module-error.ts";
import type { ModuleShape } from "./module-shape.ts";
import { readNullType } from "./read-types.ts";
import { F32, F64, FUNCREF, I32, I64, typeName, V128 } from "./value-type.ts";

/** A longer expression than any compiler writes. */
const OPERANDS_MAX = 64;

/** Reads up to and with `end`; the value must have the type `expected`. */
export function readConstantExpression(reader: ByteReader, shape: ModuleShape, expected: number): void {
  const start = reader.position;
  const stack: number[] = [];
  for (;;) {
    const offset = reader.position;
    const opcode = reader.byte();
    if (opcode === 0x0b) break;
    if (isArithmetic(opcode)) foldArithmetic(opcode, offset, stack);
    else stack.push(readOperand(opcode, offset, reader, shape));
    if (stack.length > OPERANDS_MAX) throw refused(offset, "constant expression is too deep");
  }
  if (stack.length !== 1 || stack[0] !== expected) {
    throw invalid(start, `type mismatch: constant expression must give one ${typeName(expected)}`);
  }
}

function readOperand(opcode: number, offset: number, reader: ByteReader, shape: ModuleShape): number {
  switch (opcode) {
    case 0x41:
      reader.skipSigned(32);
      return I32;
    case 0x42:
      reader.skipSigned(64);
      return I64;
    case 0x43:
      reader.skip(4);
      return F32;
    case 0x44:
      reader.skip(8);
      return F64;
    case 0x23:
      return readGlobalGet(offset, reader, shape);
    case 0xd0:
      return readNullType(reader);
    case 0xd2:
      return readFunctionReference(offset, reader, shape);
    case 0xfd:
      if (reader.u32() !== 0x0c) throw invalid(offset, "constant expression required");
      reader.skip(16);
      return V128;
    default:
      throw requireKnown(opcode, offset);
  }
}

/** Only imported, immutable globals: what WebAssembly 2.0 allows. */
function readGlobalGet(offset: number, reader: ByteReader, shape: ModuleShape): number {
  const index = reader.u32();
  const global = shape.globals[index];
  if (!global || index >= shape.importedGlobals)
    throw invalid(offset, `unknown global ${index} in a constant expression`);
  if (global.mutable) throw invalid(offset, "constant expression required: global is mutable");
  return global.type;
}

function readFunctionReference(offset: number, reader: ByteReader, shape: ModuleShape): number {
  const index = reader.u32();
  if (index >= shape.functions.length) throw invalid(offset, `unknown function ${index}`);
  shape.referenced.add(index);
  shape.inTables.add(index);
  return FUNCREF;
}

function isArithmetic(opcode: number): boolean {
  return (opcode >= 0x6a && opcode <= 0x6c) || (opcode >= 0x7c && opcode <= 0x7e);
}

function foldArithmetic(opcode: number, offset: number, stack: number[]): void {
  const type = opcode <= 0x6c ? I32 : I64;
  if (stack.pop() !== type || stack.at(-1) !== type) throw invalid(offset, "type mismatch in a constant expression");
}

function requireKnown(opcode: number, offset: number): Error {
  const known = opcode <= 0xd2 || opcode === 0xfc;
  return known
    ? invalid(offset, `constant expression required, but instruction 0x${opcode.toString(16)} found`)
    : malformed(offset, `illegal opcode ${opcode.toString(16)}`);
}
