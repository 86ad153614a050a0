// A test instrument: runs every determinism and hostile program in this process, and prints what must not differ
// between machines.
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import type { CorpusResult } from "./determinism-corpus.ts";
import { PROGRAMS } from "./determinism-programs.ts";
import { invocation, program } from "./engine-fixture.ts";
import { HOSTILE } from "./hostile-programs.ts";

const REQUEST = JSON.stringify({
  items: Array.from({ length: 25 }, (_, i) => ({ name: `n${i}`, value: (i * 7919) % 13 })),
});
const FUEL = 120_000_000n;

function resultOf(name: string, body: string): CorpusResult {
  const ready = program(`const calm = new Response("calm"); export default { async fetch(request) {
    if (request.url.endsWith("/calm")) return calm; ${body} } }`);
  const call = invocation({
    request: { body: REQUEST },
    seed: 42,
    virtualTimeMillis: 1_709_210_096_789,
    limits: { fuel: FUEL },
  });
  const calm = invocation({ request: { url: "/calm" } });
  const fresh = ready.run(calm);
  const { outcome, usage, response, logs } = ready.run(call);
  const state = ready.stateDigest();
  // Hostile ones take long, and the calm call after them tells the same.
  const again = name in HOSTILE ? { usage, response } : ready.run(call);
  const after = ready.run(calm);
  return {
    outcome,
    fuel: usage.fuel.toString(),
    memoryPages: usage.memoryPages,
    events: usage.events,
    response: createHash("sha256").update(response).digest("hex"),
    state,
    logs: logs.slice(0, 300),
    repeats: again.usage.fuel === usage.fuel && Buffer.compare(again.response, response) === 0,
    leavesNothing: after.usage.fuel === fresh.usage.fuel && Buffer.compare(after.response, fresh.response) === 0,
  };
}

const bodies = { ...PROGRAMS, ...Object.fromEntries(Object.entries(HOSTILE).map(([name, [, body]]) => [name, body])) };
const results = Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, resultOf(name, body)]));
writeSync(1, JSON.stringify(results));
