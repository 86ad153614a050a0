// The budget: one 64-bit word that carries both the fuel and the call depth that are left, so that one subtraction at a
// function's entry takes from both. Bits 20 and up are the fuel, signed; bits 0 to 19 are 2^19 plus the slots left, so
// that bit 19 clears when the depth is used up.

export const FUEL_SHIFT = 20;
/** Stack slots of eight bytes that a call chain may take: 2 MiB, of the 3.9 MiB that executors give the native stack. */
export const DEPTH_SLOTS = 262_144;
/** More fuel than any job may have; what a module starts with when nobody sets its budget. */
export const FUEL_MAX = 1n << 42n;

const DEPTH_GUARD = 1n << 19n;
const DEPTH_MASK = (1n << 20n) - 1n;

/** The word for a run with `fuel` and the full depth. */
export function packBudget(fuel: bigint): bigint {
  return (fuel << BigInt(FUEL_SHIFT)) | DEPTH_GUARD | BigInt(DEPTH_SLOTS);
}

/** The fuel that is left; negative when more was charged than there was. */
export function fuelLeft(word: bigint): bigint {
  return word >> BigInt(FUEL_SHIFT);
}

/** Whether a run that was stopped had used up its depth. */
export function isTooDeep(word: bigint): boolean {
  return (word & DEPTH_MASK) < DEPTH_GUARD;
}
