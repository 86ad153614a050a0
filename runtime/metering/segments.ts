// Cuts bodies into segments: runs of instructions that are executed together or not at all, each charged at its start.
import { COUNTED_LOOP_FUEL, MERGED_SEGMENT_FUEL, MERGED_SEGMENTS_FUEL } from "./cost-model.ts";
import { EDIT, type Edits } from "./edits.ts";

/** The segment of unreachable code. */
const NONE = -1;

/** What a segment needs to remember of an open block, loop or if. */
export interface SegmentFrame {
  /** Segment that was current where the construct began. */
  outer: number;
  /** Number of open segments at that point. */
  openBase: number;
  /** Fuel that the `then` arm added to `outer`. */
  thenMerged: number;
}

export class Segments {
  readonly fuel: number[] = [];
  /** Direct callees of each segment, whose constant cost is added once it is known. */
  readonly callees: (number[] | undefined)[] = [];
  readonly loops: boolean[] = [];
  /** Whether the segment is charged by itself; the others are part of one that dominates them. */
  readonly charged: boolean[] = [];
  #parents: number[] = [];
  #pinned: boolean[] = [];
  /** Fuel of each segment that came from segments merged into it. */
  #merged: number[] = [];
  #open: number[] = [];
  /** Turns of the loops that are charged for all of them at once, by their segment. */
  readonly #turns = new Map<number, number>();
  #edits: Edits;
  current = NONE;
  /** Fuel of the current segment that is not yet in `fuel`. */
  pending = 0;

  constructor(edits: Edits) {
    this.#edits = edits;
  }

  /** Begins a body; returns the number of its entry's segment, which is followed by all others of the body. */
  enterFunction(): number {
    this.current = this.#begin(NONE, true, false);
    return this.current;
  }

  /** Cuts after a conditional branch: what follows runs only if it is not taken. */
  split(offset: number): void {
    if (this.current === NONE) return;
    this.#flush();
    this.#beginCharged(offset, this.current, false, false);
  }

  /** Ends the current segment; what follows is unreachable. */
  stop(): void {
    this.#flush();
    this.current = NONE;
  }

  call(callee: number): void {
    if (this.current === NONE) return;
    const callees = this.callees[this.current];
    if (callees) callees.push(callee);
    else this.callees[this.current] = [callee];
  }

  enterBlock(frame: SegmentFrame): void {
    this.#flush();
    frame.outer = this.current;
    frame.openBase = this.#open.length;
    frame.thenMerged = 0;
  }

  enterLoop(frame: SegmentFrame, offset: number): void {
    this.enterBlock(frame);
    if (this.current !== NONE) this.#beginCharged(offset, this.current, true, true);
  }

  enterIf(frame: SegmentFrame, offset: number): void {
    this.enterBlock(frame);
    this.split(offset);
  }

  enterElse(frame: SegmentFrame, offset: number): void {
    this.#flush();
    if (frame.outer === NONE) return;
    const before = this.#fuelOf(frame.outer);
    this.#closeDownTo(frame.openBase);
    frame.thenMerged = this.#fuelOf(frame.outer) - before;
    this.#beginCharged(offset, frame.outer, false, false);
  }

  /**
   * Leaves a construct whose end is joined by branches or arms. `escapes`: some path leaves it for somewhere else, so
   * what follows may not run although the construct began. `switched`: a branch table lies inside, so that what follows
   * is one of many arms, which must not all be charged with the dispatch.
   */
  leave(frame: SegmentFrame, offset: number, reachable: boolean, escapes: boolean, switched: boolean): void {
    this.#flush();
    if (frame.outer !== NONE) {
      const before = this.#fuelOf(frame.outer);
      this.#closeDownTo(frame.openBase);
      const merged = this.#fuelOf(frame.outer) - before;
      this.fuel[frame.outer] = this.#fuelOf(frame.outer) - Math.min(merged, frame.thenMerged);
    }
    this.current = reachable ? frame.outer : NONE;
    if (reachable && escapes) this.#beginCharged(offset, frame.outer, switched, false);
  }

  /**
   * Charges the loop of `frame`, which ends now, for all its turns in the segment that leads to it. Returns false when
   * that is too much to take in advance.
   */
  chargeTurns(frame: SegmentFrame, turns: number): boolean {
    this.#flush();
    const loop = this.#open[frame.openBase] as number;
    if (this.callees[loop]) return false;
    this.#closeDownTo(frame.openBase + 1);
    if (turns * this.#fuelOf(loop) > COUNTED_LOOP_FUEL) return false;
    this.#turns.set(loop, turns);
    return true;
  }

  /** Closes what is still open at a body's end. Returns whether its entry's segment is the only one charged. */
  finish(entry: number): boolean {
    this.#flush();
    this.#closeDownTo(0);
    for (let segment = entry + 1; segment < this.charged.length; segment++) if (this.charged[segment]) return false;
    return true;
  }

  #beginCharged(offset: number, parent: number, pinned: boolean, loop: boolean): void {
    this.current = this.#begin(parent, pinned, loop);
    this.#edits.add(EDIT.charge, offset, offset, this.current);
  }

  #begin(parent: number, pinned: boolean, loop: boolean): number {
    const segment = this.fuel.push(0) - 1;
    this.callees.push(undefined);
    this.charged.push(false);
    this.loops.push(loop);
    this.#parents.push(parent);
    this.#pinned.push(pinned);
    this.#merged.push(0);
    this.#open.push(segment);
    return segment;
  }

  #flush(): void {
    if (this.current !== NONE) this.fuel[this.current] = this.#fuelOf(this.current) + this.pending;
    this.pending = 0;
  }

  /** Innermost first, so that a chain of small segments is weighed as a whole. */
  #closeDownTo(base: number): void {
    while (this.#open.length > base) {
      const segment = this.#open.pop() as number;
      const fuel = this.#fuelOf(segment);
      const parent = this.#parents[segment] as number;
      const turns = this.#turns.get(segment);
      if (turns !== undefined) {
        this.fuel[parent] = this.#fuelOf(parent) + turns * fuel;
        continue;
      }
      if (this.#pinned[segment] || !this.#canMerge(segment, parent, fuel)) {
        this.charged[segment] = fuel > 0 || this.callees[segment] !== undefined || this.loops[segment] === true;
      } else {
        this.fuel[parent] = this.#fuelOf(parent) + fuel;
        this.#merged[parent] = (this.#merged[parent] as number) + fuel;
      }
    }
  }

  /** A segment takes in only so much that it may not have to run, however many small ones it dominates. */
  #canMerge(segment: number, parent: number, fuel: number): boolean {
    if (this.callees[segment] || fuel > MERGED_SEGMENT_FUEL) return false;
    const merged = this.#merged[parent] as number;
    const own = this.#fuelOf(parent) - merged;
    return merged + fuel <= own + MERGED_SEGMENTS_FUEL;
  }

  #fuelOf(segment: number): number {
    return this.fuel[segment] as number;
  }
}
