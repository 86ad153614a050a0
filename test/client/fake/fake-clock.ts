// A clock that jumps to the next sleeper when nothing else can happen: deadlines take no time in tests.
import type { Clock } from "#client/clock.ts";

/** Turns of the event loop without a new sleeper before the clock jumps: more than any chain of awaits on loaded code. */
const QUIET_TURNS = 8;

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export function fakeClock(startMillis = 1_900_000_000_000): Clock {
  let now = startMillis;
  let turns = 0;
  let ticking = false;
  const sleepers = new Set<Sleeper>();
  const tick = () => {
    if (sleepers.size === 0) {
      ticking = false;
      return;
    }
    if (++turns >= QUIET_TURNS) {
      turns = 0;
      const next = [...sleepers].reduce((a, b) => (b.at < a.at ? b : a));
      now = Math.max(now, next.at);
      next.wake();
    }
    setImmediate(tick);
  };
  return {
    now: () => now,
    sleep: (millis, signal) => {
      turns = 0;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const abort = () => {
        sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        at: now + millis,
        wake: () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      if (signal?.aborted) return Promise.reject(signal.reason);
      signal?.addEventListener("abort", abort, { once: true });
      sleepers.add(sleeper);
      if (!ticking) {
        ticking = true;
        setImmediate(tick);
      }
      return promise;
    },
  };
}
