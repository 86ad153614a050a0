// Test instrument: decodes a valid scalar module for the interpreter. It shares nothing with the pass but the names of
// the instructions.
import { SCALAR_INSTRUCTIONS } from "#runtime/metering/scalar-instructions.ts";

export interface Instruction {
  readonly name: string;
  /** Immediates as the instruction has them; branch table targets with the default last. */
  readonly args: number[];
  /** i64.const and floats. */
  readonly value?: bigint | number;
  /** Where a block, loop or if ends, and where its else arm begins. */
  end: number;
  otherwise: number;
}

export interface FunctionType {
  readonly params: number[];
  readonly results: number[];
}

export interface DecodedModule {
  readonly types: FunctionType[];
  readonly imports: { module: string; name: string; type: number }[];
  readonly functions: { type: number; locals: number[]; code: Instruction[] }[];
  readonly globals: Instruction[][];
  readonly exports: { name: string; kind: number; index: number }[];
  readonly elements: { table: number; offset: Instruction[]; functions: number[] }[];
  readonly data: { passive: boolean; offset: Instruction[]; bytes: Uint8Array }[];
  memory: { min: number; max: number } | undefined;
  table: number;
  start: number | undefined;
}

const NAMES = new Map<number, string>();
const MEMORY = new Set<string>();
for (const line of SCALAR_INSTRUCTIONS.trim().split("\n")) {
  const [code = "", name = "", , immediate = ""] = line.split(" ");
  NAMES.set(Number.parseInt(code, 16), name);
  if (immediate.startsWith("memory")) MEMORY.add(name);
}

class Input {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.bytes[this.at++] as number;
  }

  signed(): bigint {
    let value = 0n;
    for (let shift = 0n; ; ) {
      const next = this.byte();
      value |= BigInt(next & 0x7f) << shift;
      shift += 7n;
      if (next < 0x80) return BigInt.asIntN(Number(shift), value);
    }
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) return value;
    }
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.number() }, read);
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  name(): string {
    return Buffer.from(this.take(this.number())).toString();
  }
}

export function decodeModule(bytes: Uint8Array): DecodedModule {
  const module: DecodedModule = {
    ...{ types: [], imports: [], functions: [], globals: [], exports: [], elements: [], data: [] },
    ...{ memory: undefined, table: 0, start: undefined },
  };
  const declared: number[] = [];
  const input = new Input(bytes, 8);
  while (input.at < bytes.length) {
    const id = input.byte();
    const end = input.number() + input.at;
    if (id === 3) declared.push(...input.list(() => input.number()));
    else if (id === 10) {
      for (const [index, body] of input.list(() => readBody(input)).entries()) {
        module.functions.push({ type: declared[index] as number, ...body });
      }
    } else readSection(id, input, module);
    input.at = end;
  }
  return module;
}

function readSection(id: number, input: Input, module: DecodedModule): void {
  const limits = () => ({ bounded: input.byte() === 1, min: input.number() });
  if (id === 1) {
    module.types.push(
      ...input.list(() => {
        input.byte();
        return { params: input.list(() => input.byte()), results: input.list(() => input.byte()) };
      }),
    );
  } else if (id === 2) {
    input.list(() => {
      const [module_, name, kind] = [input.name(), input.name(), input.byte()];
      if (kind !== 0) throw new Error("The interpreter links functions only.");
      module.imports.push({ module: module_, name, type: input.number() });
    });
  } else if (id === 4) {
    input.list(() => {
      input.byte();
      module.table = limits().min;
    });
  } else if (id === 5) {
    input.list(() => {
      const { bounded, min } = limits();
      module.memory = { min, max: bounded ? input.number() : 65_536 };
    });
  } else if (id === 6) {
    module.globals.push(
      ...input.list(() => {
        input.take(2);
        return readCode(input);
      }),
    );
  } else if (id === 7) {
    module.exports.push(...input.list(() => ({ name: input.name(), kind: input.byte(), index: input.number() })));
  } else if (id === 8) module.start = input.number();
  else if (id === 9) module.elements.push(...input.list(() => readElement(input)));
  else if (id === 11) module.data.push(...input.list(() => readData(input)));
}

function readElement(input: Input): DecodedModule["elements"][number] {
  if (input.number() !== 0) throw new Error("The interpreter knows plain element segments only.");
  return { table: 0, offset: readCode(input), functions: input.list(() => input.number()) };
}

function readData(input: Input): DecodedModule["data"][number] {
  const flags = input.number();
  if (flags === 2) input.number();
  return { passive: flags === 1, offset: flags === 1 ? [] : readCode(input), bytes: input.take(input.number()) };
}

function readBody(input: Input): { locals: number[]; code: Instruction[] } {
  const end = input.number() + input.at;
  const locals: number[] = [];
  input.list(() => {
    const count = input.number();
    locals.push(...new Array<number>(count).fill(input.byte()));
  });
  const code = readCode(input);
  input.at = end;
  return { locals, code };
}

/** Up to and with the `end` that closes it, with blocks resolved. */
function readCode(input: Input): Instruction[] {
  const code: Instruction[] = [];
  const open: number[] = [];
  for (;;) {
    const instruction = readInstruction(input);
    const at = code.push(instruction) - 1;
    if (["block", "loop", "if"].includes(instruction.name)) open.push(at);
    const opener = code[open.at(-1) ?? -1];
    if (instruction.name === "else" && opener) opener.otherwise = at;
    if (instruction.name !== "end") continue;
    if (!opener) return code;
    opener.end = at;
    const middle = code[opener.otherwise];
    if (middle) middle.end = at;
    open.pop();
  }
}

function readInstruction(input: Input): Instruction {
  let opcode = input.byte();
  if (opcode === 0xfc) opcode = 0x100 + input.number();
  const name = NAMES.get(opcode);
  if (name === undefined) throw new Error(`The interpreter does not know opcode ${opcode.toString(16)}.`);
  const base = { name, args: [] as number[], end: -1, otherwise: -1 };
  if (MEMORY.has(name)) return { ...base, args: [input.number(), input.number()] };
  switch (name) {
    case "block":
    case "loop":
    case "if":
      return { ...base, args: [Number(input.signed())] };
    case "br_table":
      return { ...base, args: [...input.list(() => input.number()), input.number()] };
    case "i32.const":
      return { ...base, value: Number(BigInt.asIntN(32, input.signed())) };
    case "i64.const":
      return { ...base, value: BigInt.asIntN(64, input.signed()) };
    case "f32.const":
      return { ...base, value: Buffer.from(input.take(4)).readFloatLE() };
    case "f64.const":
      return { ...base, value: Buffer.from(input.take(8)).readDoubleLE() };
    default:
      return { ...base, args: Array.from({ length: IMMEDIATES[name] ?? 0 }, () => input.number()) };
  }
}

/** Number of index immediates. */
const IMMEDIATES: Readonly<Record<string, number>> = {
  ...{ br: 1, br_if: 1, call: 1, return_call: 1, call_indirect: 2, return_call_indirect: 2 },
  ...{ "local.get": 1, "local.set": 1, "local.tee": 1, "global.get": 1, "global.set": 1, "ref.null": 1, "ref.func": 1 },
  ...{ "memory.size": 1, "memory.grow": 1, "memory.fill": 1, "memory.copy": 2, "memory.init": 2, "data.drop": 1 },
};
