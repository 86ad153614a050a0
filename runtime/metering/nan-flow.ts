// Follows values whose NaN bits the machine may choose, so that they are made canonical where somebody could see them.
//
// WebAssembly leaves the bits of a NaN that arithmetic makes open, and engines differ. Every operand carries a *site*:
// the edit that would canonicalise it right after the instruction that made it. A site is activated when the bits are
// used (stored, passed on, reinterpreted, ...) and left alone when only arithmetic or comparisons read them. Values whose
// bits WebAssembly fixes (loads, constants, parameters, results of calls) have no site and are never touched.
import { EDIT, type Edits } from "./edits.ts";

/** The bits are given by WebAssembly's rules. */
export const FIXED = -1;
/** The value is never a NaN, or the canonical one. */
export const SAFE = -2;

const SPREAD_ROUNDS = 16;

export class NanFlow {
  #edits: Edits;
  /** For each local: no value with fixed NaN bits is ever put into it. */
  #pure: boolean[] = [];
  /** For each local: some arithmetic result is put into it. */
  #arithmetic: boolean[] = [];
  #setLocals: number[] = [];
  #setSites: number[] = [];
  /** Reads of locals whose bits are used. */
  #usedReads: number[] = [];

  constructor(edits: Edits) {
    this.#edits = edits;
  }

  /** The bits of the value made at `site` are used. */
  use(site: number): void {
    if (site < 0) return;
    if (this.#edits.kind(site) !== EDIT.none) return;
    if (this.#edits.extra(site) < 0) this.#edits.setKind(site, EDIT.canonical);
    else {
      this.#edits.setKind(site, EDIT.canonicalLocal);
      this.#usedReads.push(site);
    }
  }

  /** An instruction ending at `offset` made a value with an open NaN of `shape`. */
  make(offset: number, shape: number): number {
    return this.#edits.add(EDIT.none, offset, offset, shape, -1);
  }

  /** A scalar float was read from `local`. */
  readLocal(offset: number, shape: number, local: number): number {
    return this.#edits.add(EDIT.none, offset, offset, shape, local);
  }

  shapeOf(site: number): number {
    return this.#edits.arg(site);
  }

  /** A scalar float parameter comes with bits that somebody chose. */
  markParameter(local: number): void {
    this.#pure[local] = false;
  }

  writeLocal(local: number, site: number): void {
    if (site === FIXED) this.#pure[local] = false;
    else if (site >= 0) {
      this.#setLocals.push(local);
      this.#setSites.push(site);
    }
  }

  /** Decides, with all writes of the body known, which reads and writes of locals must canonicalise. */
  finish(): void {
    this.#spread();
    for (let index = 0; index < this.#setSites.length; index++) {
      const local = this.#setLocals[index] as number;
      if (this.#pure[local] === false) this.use(this.#setSites[index] as number);
    }
    for (const site of this.#usedReads) {
      const local = this.#edits.extra(site);
      const open = this.#pure[local] !== false && this.#arithmetic[local] === true;
      this.#edits.setKind(site, open ? EDIT.canonical : EDIT.none);
    }
    this.#pure = [];
    this.#arithmetic = [];
    this.#setLocals = [];
    this.#setSites = [];
    this.#usedReads = [];
  }

  /** A copy between locals carries over what the source may hold; repeats until nothing changes. */
  #spread(): void {
    let rounds = 0;
    for (let changed = true; changed; ) {
      // A body made of copies could need as many rounds as it has locals: then every write canonicalises.
      if (++rounds > SPREAD_ROUNDS) {
        for (const local of this.#setLocals) this.#pure[local] = false;
        return;
      }
      changed = false;
      for (let index = 0; index < this.#setSites.length; index++) {
        const target = this.#setLocals[index] as number;
        const source = this.#edits.extra(this.#setSites[index] as number);
        const fixed = source >= 0 && this.#pure[source] === false;
        if (fixed && this.#pure[target] !== false) {
          this.#pure[target] = false;
          changed = true;
        }
        const open = source < 0 || this.#arithmetic[source] === true;
        if (open && !fixed && this.#arithmetic[target] !== true) {
          this.#arithmetic[target] = true;
          changed = true;
        }
      }
    }
  }
}
