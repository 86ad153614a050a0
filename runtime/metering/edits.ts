// The places of one body where the pass puts, replaces or leaves out code, in the order of the bytes.

export const EDIT = {
  /** Nothing after all. */
  none: 0,
  /** Charge segment `arg`. */
  charge: 1,
  /** Canonicalise the value of shape `arg` on top of the stack. */
  canonical: 2,
  /** The same for a value just read from local `extra`, when that local can hold such a NaN. */
  canonicalLocal: 3,
  /** A direct call of function `arg`. */
  call: 4,
  /** A call through a table or of an imported function. */
  foreignCall: 5,
  /** A tail call of function `arg`; the function's label is `extra` levels out. */
  tailCall: 6,
  /** A tail call through a table or of an imported function. */
  foreignTailCall: 7,
  /** A return; the function's label is `arg` levels out. */
  return: 8,
  /** Charge for the length on top of the stack, with the injected function `arg`. */
  bulk: 9,
  /** memory.grow. */
  grow: 10,
  /** table.grow of table `arg`. */
  tableGrow: 11,
  /** Leave out unreachable code; `arg` is 1 when its place must be marked unreachable. */
  drop: 12,
  /** Access with opcode `arg` to the first declared local, which may have to move. */
  firstLocal: 13,
} as const;

/** Parallel arrays: an object for each edit would cost more than the scan. */
export class Edits {
  readonly kinds: number[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly args: number[] = [];
  readonly extras: number[] = [];

  get length(): number {
    return this.kinds.length;
  }

  /** Returns the edit's number. */
  add(kind: number, start: number, end: number, arg: number, extra = 0): number {
    this.kinds.push(kind);
    this.starts.push(start);
    this.ends.push(end);
    this.args.push(arg);
    return this.extras.push(extra) - 1;
  }
}
