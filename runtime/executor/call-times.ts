// How long calls of an image took lately, so that an executor is sent just enough ahead.
import { EXECUTOR_LIMITS } from "./limits.ts";

/** Images remembered; one that is forgotten only starts again with one call at a time. */
const IMAGES = 1_024;
/** Weight of the newest call. */
const WEIGHT = 0.2;

export class CallTimes {
  readonly #micros = new Map<string, number>();

  record(image: string, micros: number): void {
    const known = this.#micros.get(image);
    if (known === undefined && this.#micros.size >= IMAGES) this.#micros.clear();
    this.#micros.set(image, known === undefined ? micros : known + WEIGHT * (micros - known));
  }

  /** Microseconds; an unknown image is sent alone. */
  expected(image: string): number {
    return this.#micros.get(image) ?? EXECUTOR_LIMITS.aheadMillis * 1000;
  }
}
