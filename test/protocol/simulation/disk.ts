// What a party keeps over a crash. Every write may be the last thing that it does, before or after.
import type { Random } from "./cast.ts";

/** The party is gone in the middle of what it did, with all that it had not written. */
export class Crash extends Error {}

export class Disk<Kept> {
  readonly #mayCrash: () => boolean;
  readonly #random: Random;
  #kept: Kept;

  /** @param mayCrash asked at every write */
  constructor(kept: Kept, mayCrash: () => boolean, random: Random) {
    this.#kept = kept;
    this.#mayCrash = mayCrash;
    this.#random = random;
  }

  get kept(): Kept {
    return this.#kept;
  }

  /** @throws Crash */
  write(kept: Kept): void {
    const crashes = this.#mayCrash();
    if (crashes && this.#random() < 0.5) throw new Crash();
    this.#kept = kept;
    if (crashes) throw new Crash();
  }
}
