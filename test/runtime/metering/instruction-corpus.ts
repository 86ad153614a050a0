// Test instrument: for every instruction with a plain signature, a module that runs it on telling operands and stores the
// result, so that its bits can be compared.
import { ByteWriter } from "#runtime/metering/byte-writer.ts";
import { SCALAR_INSTRUCTIONS } from "#runtime/metering/scalar-instructions.ts";
import { VECTOR_INSTRUCTIONS } from "#runtime/metering/vector-instructions.ts";

export interface CorpusModule {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Exports, one for each combination of operands. */
  readonly cases: number;
}

/** Where operands of loads lie, and where results go. */
export const RESULT_ADDRESS = 64;

const OPERANDS: Readonly<Record<string, readonly (readonly number[])[]>> = {
  i: [i32(0), i32(1), i32(-1), i32(0x7fffffff), i32(-0x80000000), i32(37)],
  I: [i64(0n), i64(1n), i64(-1n), i64((1n << 63n) - 1n), i64(-(1n << 63n)), i64(0x1234_5678_9abcn)],
  f: [f32(0), f32(-0), f32(1.5), f32(-2.5), f32(3e9), f32(Number.NaN), f32(Infinity), [0x43, 1, 0, 0, 0]],
  F: [f64(0), f64(-0), f64(1.5), f64(-2.5), f64(1e19), f64(Number.NaN), f64(-Infinity), f64(1e-310)],
  v: [
    vector(Array.from({ length: 16 }, (_, index) => index)),
    vector(new Array<number>(16).fill(0xff)),
    vector([...new Uint8Array(Float32Array.of(1.5, -0, Number.NaN, 3e9).buffer)]),
    vector([...new Uint8Array(Float64Array.of(-2.5, Number.NaN).buffer)]),
  ],
};

const STORES: Readonly<Record<string, readonly number[]>> = {
  i: [0x36, 2, 0],
  I: [0x37, 3, 0],
  f: [0x38, 2, 0],
  F: [0x39, 3, 0],
  v: [0xfd, 0x0b, 4, 0],
};

export function instructionCorpus(): CorpusModule[] {
  const lines = `${SCALAR_INSTRUCTIONS}${VECTOR_INSTRUCTIONS}`.trim().split(/\n+/);
  return lines.filter((line) => !line.includes("special")).map((line) => corpusModule(line));
}

/** Names of the instructions that have a rule of their own. */
export function specialInstructions(): string[] {
  const lines = `${SCALAR_INSTRUCTIONS}${VECTOR_INSTRUCTIONS}`.trim().split(/\n+/);
  return lines.filter((line) => line.includes("special")).map((line) => line.split(" ")[1] ?? "");
}

function corpusModule(line: string): CorpusModule {
  const [code = "", name = "", signature = "", ...immediates] = line.split(" ");
  const [operands = "", result = ""] = signature.split(":");
  const memory = immediates.some((immediate) => immediate.startsWith("memory"));
  const choices = [...operands].map((letter, place) =>
    memory && place === 0 ? [i32(0), i32(8)] : (OPERANDS[letter] ?? []),
  );
  const bodies = combinations(choices).map((values) => {
    const operation = [...opcodeBytes(Number.parseInt(code, 16)), ...immediateBytes(immediates)];
    const store = result === "" ? [] : (STORES[result] ?? []);
    const address = result === "" ? [] : i32(RESULT_ADDRESS);
    return [0, ...address, ...values.flat(), ...operation, ...store, 0x0b];
  });
  return { name, bytes: moduleOf(bodies), cases: bodies.length };
}

/** A module whose functions take and give nothing, exported as "0", "1", ... */
function moduleOf(bodies: readonly (readonly number[])[]): Uint8Array {
  const writer = new ByteWriter(1_024);
  const section = (id: number, count: number, emit: () => void) => {
    writer.byte(id);
    const start = writer.beginSized();
    writer.u32(count);
    emit();
    writer.endSized(start);
  };
  writer.all([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  section(1, 1, () => writer.all([0x60, 0, 0]));
  section(3, bodies.length, () => writer.all(bodies.map(() => 0)));
  section(5, 1, () => writer.all([1, 1, 1]));
  section(7, bodies.length + 1, () => {
    writer.name("memory");
    writer.all([2, 0]);
    bodies.forEach((_, index) => {
      writer.name(String(index));
      writer.byte(0);
      writer.u32(index);
    });
  });
  section(10, bodies.length, () => {
    for (const body of bodies) {
      writer.u32(body.length);
      writer.all(body);
    }
  });
  section(11, 1, () =>
    writer.all([0, ...i32(0), 0x0b, 32, ...Array.from({ length: 32 }, (_, index) => 0xf0 ^ (index * 7))]),
  );
  return writer.finish();
}

function combinations(choices: readonly (readonly (readonly number[])[])[]): (readonly number[])[][] {
  return choices.reduce<(readonly number[])[][]>(
    (all, options) => all.flatMap((values) => options.map((option) => [...values, option])),
    [[]],
  );
}

function opcodeBytes(opcode: number): number[] {
  if (opcode < 0x100) return [opcode];
  const code = opcode & 0xff;
  const number = code < 0x80 ? [code] : [code, 1];
  return [opcode < 0x200 ? 0xfc : 0xfd, ...number];
}

function immediateBytes(immediates: readonly string[]): number[] {
  return immediates.flatMap((immediate) => {
    if (immediate.startsWith("memory")) return [Math.log2(Number(immediate.slice("memory".length))), 4];
    if (immediate === "shuffle") return Array.from({ length: 16 }, (_, lane) => (lane * 11) % 32);
    return [1];
  });
}

function i32(value: number): number[] {
  return [0x41, ...signed(BigInt(value))];
}

function i64(value: bigint): number[] {
  return [0x42, ...signed(value)];
}

function f32(value: number): number[] {
  return [0x43, ...new Uint8Array(Float32Array.of(value).buffer)];
}

function f64(value: number): number[] {
  return [0x44, ...new Uint8Array(Float64Array.of(value).buffer)];
}

function vector(bytes: readonly number[]): number[] {
  return [0xfd, 0x0c, ...bytes];
}

function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}
