// The places of the bodies where the pass puts, replaces or leaves out code, in the order of the bytes.
import { MODULE_LIMITS } from "./limits.ts";
import { refused } from "./module-error.ts";

export const EDIT = {
  /** Nothing after all. */
  none: 0,
  /** Charge segment `arg`. */
  charge: 1,
  /** Canonicalise the value of shape `arg` on top of the stack. */
  canonical: 2,
  /** The same for a value just read from local `extra`, until it is known whether that local can hold such a NaN. */
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

/** Words of one edit in the buffer. */
const WORDS = 5;

/** The edits of all bodies, in one buffer: an object for each would cost more than the scan. */
export class Edits {
  #words = new Int32Array(WORDS * 4_096);
  /** Number of edits so far; the next one's number. */
  length = 0;

  /** Returns the edit's number. */
  add(kind: number, start: number, end: number, arg: number, extra = 0): number {
    const at = this.length * WORDS;
    if (at === this.#words.length) this.#grow();
    const words = this.#words;
    words[at] = kind;
    words[at + 1] = start;
    words[at + 2] = end;
    words[at + 3] = arg;
    words[at + 4] = extra;
    return this.length++;
  }

  kind(edit: number): number {
    return this.#words[edit * WORDS] as number;
  }

  setKind(edit: number, kind: number): void {
    this.#words[edit * WORDS] = kind;
  }

  start(edit: number): number {
    return this.#words[edit * WORDS + 1] as number;
  }

  end(edit: number): number {
    return this.#words[edit * WORDS + 2] as number;
  }

  arg(edit: number): number {
    return this.#words[edit * WORDS + 3] as number;
  }

  extra(edit: number): number {
    return this.#words[edit * WORDS + 4] as number;
  }

  #grow(): void {
    if (this.length >= MODULE_LIMITS.moduleEdits) {
      throw refused(this.start(this.length - 1), `more than ${MODULE_LIMITS.moduleEdits} places to meter`);
    }
    const larger = new Int32Array(this.#words.length * 2);
    larger.set(this.#words);
    this.#words = larger;
  }
}
