// Finds loops that turn a known number of times, so that all their turns are charged before the first.
//
// Such a loop has no loop or call inside, is left only at its end, and ends with
//
//   (br_if $loop (i32.ne (local.tee $k (i32.add (local.get $k) (i32.const STEP))) (i32.const BOUND)))
//
// or with lt_s or lt_u, or without the comparison. Nothing else in it writes $k, and before it, in the same straight code,
// stands (local.set $k (i32.const START)). That is how compilers write a loop over an array of constant length.
import type { Frame } from "./body-scan.ts";
import { ByteReader } from "./byte-reader.ts";

const LOCAL_GET = 0x20;
const I32_CONST = 0x41;
const I32_NE = 0x47;
const I32_LT_S = 0x48;
const I32_LT_U = 0x49;
const I32_ADD = 0x6a;
const INT32_MAX = 0x7fff_ffff;
/** A larger body is no tight loop. */
const WRITES_MAX = 64;

/** One instruction's bytes. */
interface Place {
  start: number;
  end: number;
}

export class CountedLoops {
  readonly #bytes: Uint8Array;
  /** Locals whose value is known here, because straight code led from their constant to this place. */
  #known = new Map<number, number>();
  readonly #lastConstant: Place = { start: -1, end: -1 };
  readonly #lastTee: Place = { start: -1, end: -1 };
  #teeLocal = -1;
  #lastGet = -1;

  /** The innermost open loop, as long as it may be a counted one. */
  #loop: Frame | undefined;
  #knownBefore: ReadonlyMap<number, number> = this.#known;
  readonly #writes: number[] = [];
  #branchesBack = 0;
  /** Where the last branch back that has the form above ends, the local it counts in and its turns. */
  #counterEnd = -1;
  #counter = -1;
  #turns = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  constant(start: number, end: number): void {
    this.#lastConstant.start = start;
    this.#lastConstant.end = end;
  }

  read(start: number): void {
    this.#lastGet = start;
  }

  set(local: number, start: number): void {
    this.#write(local);
    const { start: from, end } = this.#lastConstant;
    if (end === start) this.#known.set(local, this.#readerAt(from + 1).s33());
    else if (this.#known.size > 0) this.#known.delete(local);
  }

  tee(local: number, start: number, end: number): void {
    this.#write(local);
    if (this.#known.size > 0) this.#known.delete(local);
    this.#lastTee.start = start;
    this.#lastTee.end = end;
    this.#teeLocal = local;
  }

  /** Control comes together here: what was known on one way need not hold on the other. */
  join(): void {
    if (this.#known.size > 0) this.#known.clear();
  }

  /** Work of unknown length lies in the open loop. */
  disturb(): void {
    this.#loop = undefined;
  }

  enterFunction(): void {
    this.join();
    this.#loop = undefined;
  }

  enterLoop(frame: Frame): void {
    this.#loop = undefined;
    if (this.#known.size === 0) return;
    if (frame.params.length === 0) this.#loop = frame;
    this.#knownBefore = this.#known;
    this.#known = new Map();
    this.#writes.length = 0;
    this.#branchesBack = 0;
    this.#counterEnd = -1;
  }

  /** A live branch to `frame`. */
  branch(frame: Frame): void {
    if (frame === this.#loop) this.#branchesBack++;
  }

  /** A live br_if to `frame`, counted by `branch` already, from `start` to `end`. */
  branchIf(frame: Frame, start: number, end: number): void {
    if (frame !== this.#loop) return;
    const turns = this.#turnsOf(start);
    if (turns === 0) return;
    this.#counterEnd = end;
    this.#counter = this.#teeLocal;
    this.#turns = turns;
  }

  /** The turns of the loop that ends at `offset` on frame `level`; 0 when they are not known. */
  leaveLoop(frame: Frame, level: number, offset: number): number {
    const counted = frame === this.#loop && this.#counterEnd === offset && this.#branchesBack === 1;
    this.#loop = undefined;
    if (!counted || frame.outermostTarget < level) return 0;
    return this.#writes.filter((local) => local === this.#counter).length === 1 ? this.#turns : 0;
  }

  #write(local: number): void {
    if (!this.#loop) return;
    if (this.#writes.push(local) > WRITES_MAX) this.#loop = undefined;
  }

  /** Turns of a loop whose condition ends at `conditionEnd`, when it has the form above. */
  #turnsOf(conditionEnd: number): number {
    const start = this.#knownBefore.get(this.#teeLocal);
    const step = this.#stepBeforeTee();
    if (start === undefined || step === 0) return 0;
    if (this.#lastTee.end === conditionEnd) return turnsUntil(I32_NE, start, step, 0);
    const reader = this.#readerAt(this.#lastTee.end);
    if (reader.byte() !== I32_CONST) return 0;
    const bound = reader.s33();
    const comparison = reader.byte();
    return reader.position === conditionEnd ? turnsUntil(comparison, start, step, bound) : 0;
  }

  /** The constant that the last tee's value adds to the same local; 0 when it is something else. */
  #stepBeforeTee(): number {
    if (this.#lastGet < 0 || this.#lastGet >= this.#lastTee.start) return 0;
    const reader = this.#readerAt(this.#lastGet);
    if (reader.byte() !== LOCAL_GET || reader.u32() !== this.#teeLocal || reader.byte() !== I32_CONST) return 0;
    const step = reader.s33();
    return reader.byte() === I32_ADD && reader.position === this.#lastTee.start ? step : 0;
  }

  #readerAt(offset: number): ByteReader {
    return new ByteReader(this.#bytes, offset);
  }
}

/** How often a counter from `start` takes `step` until the comparison with `bound` fails; 0 when it might wrap. */
function turnsUntil(comparison: number, start: number, step: number, bound: number): number {
  if (comparison === I32_NE) {
    const turns = (bound - start) / step;
    return Number.isInteger(turns) && turns > 0 ? turns : 0;
  }
  if (comparison !== I32_LT_S && comparison !== I32_LT_U) return 0;
  if (start < 0 || step < 0 || bound < 0 || Math.max(start, bound) > INT32_MAX - step) return 0;
  return Math.max(1, Math.ceil((bound - start) / step));
}
