// The instruction set as arrays indexed by opcode, made from the data tables: operand types, immediates, fuel, and what
// each instruction does with the bits of a NaN.
import { instructionFuel } from "./cost-model.ts";
import { SCALAR_INSTRUCTIONS } from "./scalar-instructions.ts";
import { F32, F64, I32, I64, V128 } from "./value-type.ts";
import { VECTOR_INSTRUCTIONS } from "./vector-instructions.ts";

/** One past the largest opcode. 0x100 + n stands for prefix 0xfc, 0x200 + n for 0xfd. */
export const OPCODES = 0x300;

/** How an instruction is read. Anything from `special` on has its own rule. */
export const FORM = { illegal: 0, plain: 1, memory: 2, memoryLane: 3, lane: 4, shuffle: 5, special: 6 } as const;

/** Numbers of the shapes in which an operation may leave a NaN with bits of the machine's choice. */
export const SHAPE = { none: 0, f32: 1, f64: 2, f32x4: 3, f64x2: 4 } as const;

export const NAMES: string[] = new Array<string>(OPCODES).fill("");
export const FORMS = new Uint8Array(OPCODES);
export const FUEL = new Uint8Array(OPCODES);
/** Number of operands, and their types from the top of the stack down: three places an opcode. */
export const POP_COUNT = new Uint8Array(OPCODES);
export const POP_TYPES = new Uint8Array(OPCODES * 3);
/** Type of the one result; 0 for none. */
export const RESULT = new Uint8Array(OPCODES);
/** Natural alignment of a memory access as a power of two. */
export const ALIGNMENT = new Uint8Array(OPCODES);
export const LANES = new Uint8Array(OPCODES);
/** Shape of the NaN that the instruction may make. */
export const MAKES_NAN = new Uint8Array(OPCODES);
/** Shape of the operands whose NaN bits it does not look at. */
export const IGNORES_NAN_BITS = new Uint8Array(OPCODES);
/** 1 where a NaN of the operand goes to the result with bits that only differ by a fixed rule. */
export const PASSES_NAN = new Uint8Array(OPCODES);

const TYPE_BY_LETTER: Readonly<Record<string, number>> = { i: I32, I: I64, f: F32, F: F64, v: V128 };
const ARITHMETIC =
  /^(add|sub|mul|div|min|max|sqrt|ceil|floor|trunc|nearest|promote_f32|demote_f64|promote_low_f32x4|demote_f64x2_zero)$/;
const COMPARISON = /^(eq|ne|lt|gt|le|ge)$/;
const CONVERSION = /^(?:trunc|trunc_sat|promote|promote_low|demote)_(f32x4|f64x2|f32|f64)/;
const PASSING = /^(abs|neg|splat|extract_lane)$/;

function define(line: string): void {
  const [code = "", name = "", signature = "", ...immediates] = line.split(" ");
  const opcode = Number.parseInt(code, 16);
  NAMES[opcode] = name;
  FUEL[opcode] = instructionFuel(name);
  FORMS[opcode] = FORM.special;
  if (signature !== "special") {
    defineSignature(opcode, signature);
    defineImmediates(opcode, immediates);
    defineNanRole(opcode, name);
  }
}

function defineSignature(opcode: number, signature: string): void {
  const [operands = "", result = ""] = signature.split(":");
  POP_COUNT[opcode] = operands.length;
  [...operands].toReversed().forEach((letter, place) => {
    POP_TYPES[opcode * 3 + place] = TYPE_BY_LETTER[letter] ?? 0;
  });
  RESULT[opcode] = TYPE_BY_LETTER[result] ?? 0;
}

function defineImmediates(opcode: number, immediates: readonly string[]): void {
  let memory = false;
  let lane = false;
  for (const immediate of immediates) {
    const size = Number(/\d+$/.exec(immediate)?.[0] ?? 0);
    if (immediate.startsWith("memory")) {
      memory = true;
      ALIGNMENT[opcode] = Math.log2(size);
    }
    if (immediate.startsWith("lane")) {
      lane = true;
      LANES[opcode] = size;
    }
  }
  if (immediates[0] === "shuffle") FORMS[opcode] = FORM.shuffle;
  else if (memory) FORMS[opcode] = lane ? FORM.memoryLane : FORM.memory;
  else FORMS[opcode] = lane ? FORM.lane : FORM.plain;
}

function defineNanRole(opcode: number, name: string): void {
  const [prefix = "", operation = ""] = name.split(".");
  const shape = shapeNumber(prefix);
  if (shape !== SHAPE.none && ARITHMETIC.test(operation)) MAKES_NAN[opcode] = shape;
  const source = CONVERSION.exec(operation)?.[1];
  if (source !== undefined) IGNORES_NAN_BITS[opcode] = shapeNumber(source);
  else if (ARITHMETIC.test(operation) || COMPARISON.test(operation)) IGNORES_NAN_BITS[opcode] = shape;
  if (shape !== SHAPE.none && PASSING.test(operation)) PASSES_NAN[opcode] = 1;
}

function shapeNumber(prefix: string): number {
  return (SHAPE as Readonly<Record<string, number>>)[prefix] ?? SHAPE.none;
}

for (const line of `${SCALAR_INSTRUCTIONS}${VECTOR_INSTRUCTIONS}`.split("\n")) if (line) define(line);
