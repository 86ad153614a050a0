// The value types of the accepted feature set, by their binary encoding, and the types of functions.

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
export const FUNCREF = 0x70;
export const EXTERNREF = 0x6f;
/** The type of an operand in unreachable code: it matches every other type. */
export const BOTTOM = 0;

export interface FunctionType {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

const NAMES: Readonly<Record<number, string>> = {
  [I32]: "i32",
  [I64]: "i64",
  [F32]: "f32",
  [F64]: "f64",
  [V128]: "v128",
  [FUNCREF]: "funcref",
  [EXTERNREF]: "externref",
  [BOTTOM]: "any type",
};

export function typeName(type: number): string {
  return NAMES[type] ?? `0x${type.toString(16)}`;
}

export function isNumberType(type: number): boolean {
  return type >= F64 && type <= I32;
}

export function isReferenceType(type: number): boolean {
  return type === FUNCREF || type === EXTERNREF;
}

export function isValueType(type: number): boolean {
  return (type >= V128 && type <= I32) || isReferenceType(type);
}

export function sameTypes(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((type, index) => type === right[index]);
}

/** Stack slots that a value of this type may need: a vector is two words. */
export function slotsOf(type: number): number {
  return type === V128 ? 2 : 1;
}
