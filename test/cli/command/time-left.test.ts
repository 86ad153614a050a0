import assert from "node:assert/strict";
import { test } from "node:test";
import { timeLeft } from "#cli/command/time-left.ts";

test("time is told in its two largest units, never as less than there is", () => {
  const told: readonly (readonly [number, string])[] = [
    [0.2, "1 second"],
    [59, "59 seconds"],
    [60, "1 minute"],
    [3_599, "59 minutes 59 seconds"],
    [3_601, "1 hour 1 minute"],
    [86_399, "1 day"],
    [2 * 86_400 + 3 * 3_600 + 1, "2 days 4 hours"],
    [7 * 86_400, "7 days"],
  ];
  for (const [seconds, text] of told) assert.equal(timeLeft(seconds), text, String(seconds));
});
