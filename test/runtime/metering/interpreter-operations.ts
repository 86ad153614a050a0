// Test instrument: what the plain scalar instructions compute, written from the specification with plain JavaScript.

/** Thrown where WebAssembly traps. */
export class Trap extends Error {}

export type Value = number | bigint;
type Operation = (...operands: never[]) => Value;

const u32 = (value: number) => value >>> 0;
const s64 = (value: bigint) => BigInt.asIntN(64, value);
const u64 = (value: bigint) => BigInt.asUintN(64, value);
const bit = (value: boolean) => (value ? 1 : 0);
const scratch = new DataView(new ArrayBuffer(8));

function divide32(a: number, b: number, signed: boolean): number {
  if (b === 0 || (signed && a === -0x80000000 && b === -1)) throw new Trap();
  return signed ? (a / b) | 0 : (u32(a) / u32(b)) | 0;
}

function remainder32(a: number, b: number, signed: boolean): number {
  if (b === 0) throw new Trap();
  return signed ? (a % b) | 0 : (u32(a) % u32(b)) | 0;
}

function divide64(a: bigint, b: bigint, signed: boolean): bigint {
  if (b === 0n || (signed && a === -(1n << 63n) && b === -1n)) throw new Trap();
  return signed ? s64(a / b) : s64(u64(a) / u64(b));
}

function remainder64(a: bigint, b: bigint, signed: boolean): bigint {
  if (b === 0n) throw new Trap();
  return signed ? s64(a % b) : s64(u64(a) % u64(b));
}

const popcount = (value: bigint) => value.toString(2).replaceAll("0", "").length;
const leading = (value: bigint, bits: number) => (value === 0n ? bits : bits - value.toString(2).length);
const trailing = (value: bigint, bits: number) => (value === 0n ? bits : leading(value & -value, bits) * -1 + bits - 1);
const minimum = (a: number, b: number) => Math.min(a, b);
const maximum = (a: number, b: number) => Math.max(a, b);
const isNegative = (value: number) => value < 0 || Object.is(value, -0);

function nearest(value: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 52) return value;
  const floor = Math.floor(value);
  const rest = value - floor;
  const result = rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
  return result === 0 && isNegative(value) ? -0 : result;
}

function truncate(value: number, low: number, high: number): number {
  const whole = Math.trunc(value);
  if (Number.isNaN(value) || whole < low || whole > high) throw new Trap();
  return whole;
}

function saturate(value: number, low: bigint, high: bigint): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value <= Number(low)) return low;
  if (value >= Number(high)) return high;
  return BigInt(Math.trunc(value));
}

function toInteger(value: number, bits: 32 | 64, signed: boolean): bigint {
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = signed ? 2 ** (bits - 1) : 2 ** bits;
  const whole = BigInt(truncate(value, low, high));
  if (whole >= BigInt(high)) throw new Trap();
  return whole;
}

function toFloat32(value: bigint): number {
  // Through a double would round twice: keep a sticky bit below what a float can hold.
  const negative = value < 0n;
  const size = negative ? -value : value;
  const extra = Math.max(0, size.toString(2).length - 40);
  const kept = size >> BigInt(extra);
  const sticky = size !== kept << BigInt(extra) ? 1n : 0n;
  const result = Math.fround(Number((kept << 1n) | sticky) * 2 ** (extra - 1));
  return negative ? -result : result;
}

function integerOperations(prefix: "i32" | "i64", bits: 32 | 64): Record<string, Operation> {
  const is32 = bits === 32;
  const wide = (value: Value) => (is32 ? BigInt(value as number) : (value as bigint));
  const unsigned = (value: Value) => BigInt.asUintN(bits, wide(value));
  const back = (value: bigint): Value => (is32 ? Number(BigInt.asIntN(32, value)) : s64(value));
  const shift = (value: Value) => unsigned(value) % BigInt(bits);
  const rotate = (a: Value, by: bigint) => back((unsigned(a) << by) | (unsigned(a) >> (BigInt(bits) - by)));
  const extend = (from: number) => (a: Value) => back(BigInt.asIntN(from, wide(a)));
  const operations: Record<string, (a: Value, b: Value) => Value> = {
    eqz: (a) => bit(wide(a) === 0n),
    eq: (a, b) => bit(a === b),
    ne: (a, b) => bit(a !== b),
    lt_s: (a, b) => bit(a < b),
    lt_u: (a, b) => bit(unsigned(a) < unsigned(b)),
    gt_s: (a, b) => bit(a > b),
    gt_u: (a, b) => bit(unsigned(a) > unsigned(b)),
    le_s: (a, b) => bit(a <= b),
    le_u: (a, b) => bit(unsigned(a) <= unsigned(b)),
    ge_s: (a, b) => bit(a >= b),
    ge_u: (a, b) => bit(unsigned(a) >= unsigned(b)),
    clz: (a) => back(BigInt(leading(unsigned(a), bits))),
    ctz: (a) => back(BigInt(trailing(unsigned(a), bits))),
    popcnt: (a) => back(BigInt(popcount(unsigned(a)))),
    add: (a, b) => back(wide(a) + wide(b)),
    sub: (a, b) => back(wide(a) - wide(b)),
    mul: (a, b) => back(wide(a) * wide(b)),
    and: (a, b) => back(wide(a) & wide(b)),
    or: (a, b) => back(wide(a) | wide(b)),
    xor: (a, b) => back(wide(a) ^ wide(b)),
    shl: (a, b) => back(wide(a) << shift(b)),
    shr_s: (a, b) => back(wide(a) >> shift(b)),
    shr_u: (a, b) => back(unsigned(a) >> shift(b)),
    rotl: (a, b) => rotate(a, shift(b)),
    rotr: (a, b) => rotate(a, (BigInt(bits) - shift(b)) % BigInt(bits)),
    extend8_s: extend(8),
    extend16_s: extend(16),
    extend32_s: extend(32),
  };
  for (const signed of [true, false]) {
    const end = signed ? "s" : "u";
    const low = signed ? -(1n << BigInt(bits - 1)) : 0n;
    const high = signed ? (1n << BigInt(bits - 1)) - 1n : (1n << BigInt(bits)) - 1n;
    operations[`div_${end}`] = (a, b) =>
      is32 ? divide32(a as number, b as number, signed) : divide64(a as bigint, b as bigint, signed);
    operations[`rem_${end}`] = (a, b) =>
      is32 ? remainder32(a as number, b as number, signed) : remainder64(a as bigint, b as bigint, signed);
    for (const float of ["f32", "f64"]) {
      operations[`trunc_${float}_${end}`] = (a) => back(toInteger(a as number, bits, signed));
      operations[`trunc_sat_${float}_${end}`] = (a) => back(saturate(a as number, low, high));
    }
  }
  return Object.fromEntries(Object.entries(operations).map(([name, work]) => [`${prefix}.${name}`, work]));
}

function floatOperations(prefix: "f32" | "f64"): Record<string, Operation> {
  const round = prefix === "f32" ? Math.fround : (value: number) => value;
  const operations: Record<string, (a: number, b: number) => number> = {
    ...{
      abs: Math.abs,
      neg: (a) => -a,
      ceil: Math.ceil,
      floor: Math.floor,
      trunc: Math.trunc,
      nearest,
      sqrt: Math.sqrt,
    },
    ...{ add: (a, b) => a + b, sub: (a, b) => a - b, mul: (a, b) => a * b, div: (a, b) => a / b },
    ...{ min: minimum, max: maximum },
    copysign: (a, b) => (isNegative(a) === isNegative(b) ? a : -a),
  };
  const comparisons: Record<string, (a: number, b: number) => boolean> = {
    ...{ eq: (a, b) => a === b, ne: (a, b) => a !== b, lt: (a, b) => a < b, gt: (a, b) => a > b },
    ...{ le: (a, b) => a <= b, ge: (a, b) => a >= b },
  };
  const all: Record<string, Operation> = {};
  for (const [name, work] of Object.entries(operations)) {
    all[`${prefix}.${name}`] = (a: number, b: number) => round(work(a, b));
  }
  for (const [name, work] of Object.entries(comparisons))
    all[`${prefix}.${name}`] = (a: number, b: number) => bit(work(a, b));
  for (const [name, widen] of [
    ["i32_s", (a: number) => BigInt(a)],
    ["i32_u", (a: number) => BigInt(u32(a))],
    ["i64_s", (a: bigint) => a],
    ["i64_u", (a: bigint) => u64(a)],
  ] as [string, (a: Value) => bigint][]) {
    all[`${prefix}.convert_${name}`] = (a: Value) => (prefix === "f32" ? toFloat32(widen(a)) : Number(widen(a)));
  }
  return all;
}

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...integerOperations("i32", 32),
  ...integerOperations("i64", 64),
  ...floatOperations("f32"),
  ...floatOperations("f64"),
  "i32.wrap_i64": (a: bigint) => Number(BigInt.asIntN(32, a)),
  "i64.extend_i32_s": (a: number) => BigInt(a),
  "i64.extend_i32_u": (a: number) => BigInt(u32(a)),
  "f32.demote_f64": (a: number) => Math.fround(a),
  "f64.promote_f32": (a: number) => a,
  "i32.reinterpret_f32": (a: number) => {
    scratch.setFloat32(0, a);
    return scratch.getInt32(0);
  },
  "i64.reinterpret_f64": (a: number) => {
    scratch.setFloat64(0, a);
    return scratch.getBigInt64(0);
  },
  "f32.reinterpret_i32": (a: number) => {
    scratch.setInt32(0, a);
    return scratch.getFloat32(0);
  },
  "f64.reinterpret_i64": (a: bigint) => {
    scratch.setBigInt64(0, a);
    return scratch.getFloat64(0);
  },
};
