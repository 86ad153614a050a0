// Wakes when the next statement ends, and sleeps otherwise.
import type { UnixSeconds } from "#protocol/units.ts";

/** Timers of the platform end at 2^31 milliseconds; a longer sleep is simply taken in parts. */
const SLEEP_MILLIS_MAX = 2 ** 31 - 1;
/** Statements that end close to each other are swept together. */
const SLEEP_MILLIS_MIN = 1_000;

export interface ExpiryTimer extends Disposable {
  /** To be called when an end may have become the next one. */
  plan(): void;
}

export interface ExpiryTimerOptions {
  readonly now: () => UnixSeconds;
  /** When the next statement ends; undefined when none stands. */
  readonly nextEnd: () => UnixSeconds | undefined;
  readonly sweep: () => void;
}

export function expiryTimer({ now, nextEnd, sweep }: ExpiryTimerOptions): ExpiryTimer {
  let timer: NodeJS.Timeout | undefined;
  let planned = Number.POSITIVE_INFINITY;
  const plan = () => {
    const end = nextEnd();
    if (end === undefined || (timer && planned <= end)) return;
    clearTimeout(timer);
    planned = end;
    const millis = Math.min(Math.max((end - now()) * 1_000, SLEEP_MILLIS_MIN), SLEEP_MILLIS_MAX);
    timer = setTimeout(() => {
      timer = undefined;
      planned = Number.POSITIVE_INFINITY;
      sweep();
      plan();
    }, millis).unref();
  };
  plan();
  return { plan, [Symbol.dispose]: () => clearTimeout(timer) };
}
