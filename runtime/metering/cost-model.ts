// The price list of the pass: how much fuel each instruction is charged. A reviewer needs this file and the golden table
// of test/runtime/metering to know what a program costs.
//
// What is charged. Every executed instruction has a weight below, about one for each third of a nanosecond on the
// machines it was calibrated on. Structure (block, loop, else, end, nop) is free, since it is no instruction after
// compilation; a taken or untaken branch costs one. Bulk instructions are charged by length, growth by page or element.
//
// When. The body is cut into segments: runs of instructions that are executed together or not at all. A segment's whole
// weight is taken from the budget at its start. A function that always costs the same is charged where it is called.
//
// Why never too little. A segment's weight is the sum of all its instructions; a small conditional segment may be added
// to the segment that dominates it, which charges it even when it is skipped; of two arms of an `if` the dearer one is.
// Nothing is ever added across a loop's header in the outward direction, so each iteration pays for itself; a loop of a
// known number of turns is charged for all of them before the first.
//
// Why it stops. Every cycle in a program goes through a loop header or the entry of a function that is counted as
// recursive or reachable through a table, and both check the budget. A loop of a known and small number of turns has no
// other loop and no call inside, and need not check.

/** Conditional segments up to this weight are charged with the segment that dominates them. */
export const MERGED_SEGMENT_FUEL = 10;
/** All that is merged into one segment is at most its own weight and this much. */
export const MERGED_SEGMENTS_FUEL = 20;
/** A loop that turns a known number of times is charged before its first turn up to this weight of all turns. */
export const COUNTED_LOOP_FUEL = 65_536;
/** A function that always costs the same is charged at its calls up to this weight. */
export const CONSTANT_FUNCTION_FUEL = 1_000;

/** Fuel for a grown page: clearing and mapping 64 KiB. */
export const FUEL_PER_GROWN_PAGE = 65_536;
/** A bulk memory instruction costs one fuel for this many bytes, as a power of two: 4 bytes. */
export const BULK_BYTES_PER_FUEL_LOG2 = 2;
/** Fuel for a table element that is copied, filled or grown, as a power of two: 16. */
export const FUEL_PER_TABLE_ELEMENT_LOG2 = 4;

/** Loads and stores cost more where the memory may outgrow the caches: dependent loads take 1.5 to 190 ns. */
const ACCESS_FUEL: readonly (readonly [pagesMax: number, fuel: number])[] = [
  [32, 1],
  [64, 4],
];
const ACCESS_FUEL_ABOVE = 16;

/** Weight of one load or store in a module whose memory may have `pagesMax` pages. */
export function accessFuel(pagesMax: number): number {
  return ACCESS_FUEL.find(([limit]) => pagesMax <= limit)?.[1] ?? ACCESS_FUEL_ABOVE;
}

/** A call to a host function crosses into JavaScript; the host function charges its own work besides. */
export const HOST_CALL_FUEL = 64;

const FREE: ReadonlySet<string> = new Set(["nop", "block", "loop", "else", "end", "unreachable"]);

const WEIGHTS: Readonly<Record<string, number>> = {
  call: 4,
  return_call: 4,
  call_indirect: 12,
  return_call_indirect: 12,
  br_table: 3,
  "memory.grow": 64,
  "memory.init": 16,
  "memory.copy": 16,
  "memory.fill": 16,
  "table.init": 16,
  "table.copy": 16,
  "table.fill": 16,
  "table.grow": 64,
  "table.get": 4,
  "table.set": 8,
  "ref.func": 16,
  "data.drop": 8,
  "elem.drop": 8,
  "i8x16.shuffle": 2,
  "i8x16.swizzle": 2,
  "i8x16.popcnt": 6,
  "i64x2.mul": 4,
};

/** Operations that stall a pipeline, by the name's part after the dot. */
const SLOW_OPERATIONS: readonly (readonly [pattern: RegExp, fuel: number])[] = [
  [/^(div|rem)_[su]$/, 8],
  [/^(div|sqrt)$/, 6],
  [/^(min|max|ceil|floor|trunc|nearest|pmin|pmax)$/, 3],
  [/^trunc_/, 3],
  [/^convert_/, 2],
  [/^(popcnt|shuffle|bitmask|all_true|dot_|extmul_|extadd_|narrow_|q15mulr)/, 2],
];

/** Weight of an instruction by its name; loads and stores are multiplied by `accessFuel`. */
export function instructionFuel(name: string): number {
  if (FREE.has(name)) return 0;
  const listed = WEIGHTS[name];
  if (listed !== undefined) return listed;
  const operation = name.slice(name.indexOf(".") + 1);
  return SLOW_OPERATIONS.find(([pattern]) => pattern.test(operation))?.[1] ?? 1;
}
