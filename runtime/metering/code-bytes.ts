// The few instructions that the pass itself writes, as bytes.

export const OP = {
  unreachable: 0x00,
  block: 0x02,
  if: 0x04,
  end: 0x0b,
  br: 0x0c,
  return: 0x0f,
  call: 0x10,
  returnCall: 0x12,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32And: 0x71,
  i32ShrU: 0x76,
  i64LtS: 0x53,
  i64GtU: 0x56,
  i64Ne: 0x52,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64And: 0x83,
  i64Shl: 0x86,
  i64ExtendI32U: 0xad,
} as const;

export const NO_RESULT = 0x40;

/** i64.const of bit 63 and bit 19: fuel below zero, and depth left. */
export const BUDGET_MASK_CONST: readonly number[] = [0x42, 0x80, 0x80, 0xa0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f];
/** i64.const of bit 19 alone: fuel and depth are left. */
export const BUDGET_GOOD_CONST: readonly number[] = [0x42, 0x80, 0x80, 0x20];

const F32_NAN = [0x00, 0x00, 0xc0, 0x7f];
const F64_NAN = [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x7f];

/** For each shape: the constant canonical NaN, the comparison, and the choice between value and constant. */
export const CANONICAL_NAN: Readonly<Record<number, { constant: readonly number[]; choose: readonly number[] }>> = {
  1: { constant: [0x43, ...F32_NAN], choose: [0x5b, 0x1b] },
  2: { constant: [0x44, ...F64_NAN], choose: [0x61, 0x1b] },
  3: { constant: [0xfd, 0x0c, ...F32_NAN, ...F32_NAN, ...F32_NAN, ...F32_NAN], choose: [0xfd, 0x41, 0xfd, 0x52] },
  4: { constant: [0xfd, 0x0c, ...F64_NAN, ...F64_NAN], choose: [0xfd, 0x47, 0xfd, 0x52] },
};
