// How every desk of the node works: one look after the other, until the node stops. It never knows what is looked at.
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { NODE_LIMITS } from "./limits.ts";

export interface RoundsParts {
  /** What it throws is logged, and the next look comes all the same. */
  readonly look: () => void | Promise<void>;
  readonly pauseMillis: number;
  /** After a look that threw; `pauseMillis` unless told. */
  readonly failedMillis?: number;
  readonly log: Logger;
  /** What the log says of a look that threw. */
  readonly failed: string;
}

export class Rounds {
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** Aborts when the rounds end. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  start(parts: RoundsParts): void {
    this.#running = this.#run(parts);
  }

  /** No more looks. Waits a little for the present one and for `others`; a transaction that was sent goes on by itself. */
  async end(others: Iterable<Promise<unknown>> = []): Promise<void> {
    this.#stop.abort(new Error("The node is stopping."));
    const ending = Promise.allSettled([this.#running, ...others]);
    await Promise.race([ending, sleep(NODE_LIMITS.withdrawMillis, undefined, { ref: false })]);
  }

  async #run({ look, pauseMillis, failedMillis = pauseMillis, log, failed }: RoundsParts): Promise<void> {
    const { signal } = this;
    while (!signal.aborted) {
      let pause = pauseMillis;
      try {
        await look();
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error }, failed);
        pause = failedMillis;
      }
      await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
