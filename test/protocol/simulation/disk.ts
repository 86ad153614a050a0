// What a party keeps over a crash. Every step may be the last thing that it does: a write before or after it is made, and
// whatever stands behind one.
import type { Random } from "./cast.ts";

/** The party is gone in the middle of what it did, with all that it had not written. */
export class Crash extends Error {}

export class Disk<Kept> {
  readonly #mayCrash: (step: string) => boolean;
  readonly #random: Random;
  #kept: Kept;

  /** @param mayCrash asked at every step, by its name */
  constructor(kept: Kept, mayCrash: (step: string) => boolean, random: Random) {
    this.#kept = kept;
    this.#mayCrash = mayCrash;
    this.#random = random;
  }

  get kept(): Kept {
    return this.#kept;
  }

  /** @throws Crash */
  write(step: string, kept: Kept): void {
    const before = this.#random() < 0.5;
    if (before && this.#mayCrash(`before ${step} is written`)) throw new Crash();
    this.#kept = kept;
    if (!before && this.#mayCrash(`after ${step} is written`)) throw new Crash();
  }

  /** It did something that is not in its file. @throws Crash */
  pass(step: string): void {
    if (this.#mayCrash(step)) throw new Crash();
  }
}
