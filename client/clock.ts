// Time as the client sees it. A test passes its own, so that deadlines need no waiting.
import { setTimeout as wait } from "node:timers/promises";
import type { UnixSeconds } from "#protocol/units.ts";

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** @throws the signal's reason when it aborts */
  sleep(millis: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: async (millis, signal) => {
    try {
      await wait(millis, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Whole seconds, as nodes and blocks count them. */
export function unixSeconds(clock: Clock): UnixSeconds {
  return Math.floor(clock.now() / 1_000);
}

/** Returns when the clock shows `until`, at once when it does already. @throws the signal's reason when it aborts */
export async function sleepUntil(clock: Clock, until: UnixSeconds, signal?: AbortSignal): Promise<void> {
  for (let left = until * 1_000 - clock.now(); left > 0; left = until * 1_000 - clock.now()) {
    await clock.sleep(Math.min(left, 60_000), signal);
  }
}
