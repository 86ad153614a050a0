import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { Rounds } from "#node/rounds.ts";

/** Notes what is warned of; nothing else of a logger is used. */
function noting(): { readonly log: Logger; readonly warned: string[] } {
  const warned: string[] = [];
  return { log: { warn: (_: object, text: string) => warned.push(text) } as unknown as Logger, warned };
}

test("a look that throws is logged, and the next one comes after its own pause", async () => {
  const { log, warned } = noting();
  const rounds = new Rounds();
  let looks = 0;
  rounds.start({
    look: () => {
      if (++looks === 1) throw new Error("not now");
    },
    pauseMillis: 1,
    failedMillis: 5,
    log,
    failed: "nothing was seen",
  });
  while (looks < 3) await sleep(1);
  await rounds.end();
  const seen = looks;
  await sleep(20);
  assert.deepEqual([warned, looks], [["nothing was seen"], seen]);
});

test("the end waits for the present look and what else is under way, and says nothing of what it broke off", async () => {
  const { log, warned } = noting();
  const rounds = new Rounds();
  const done: string[] = [];
  rounds.start({
    look: async () => {
      await once(rounds.signal, "abort");
      done.push("look");
      throw rounds.signal.reason;
    },
    pauseMillis: 1,
    log,
    failed: "nothing was seen",
  });
  const other = sleep(20).then(() => done.push("other"));
  await rounds.end([other]);
  assert.deepEqual([done.toSorted(), warned], [["look", "other"], []]);
});
