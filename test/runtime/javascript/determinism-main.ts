// A test instrument: runs every determinism program in this process, and prints what must not differ between machines.
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { PROGRAMS } from "./determinism-programs.ts";
import { invocation, program } from "./engine-fixture.ts";

const REQUEST = JSON.stringify({
  items: Array.from({ length: 25 }, (_, i) => ({ name: `n${i}`, value: (i * 7919) % 13 })),
});
const rounds = Number(process.argv[2] ?? 1);

const results: Record<string, unknown> = {};
for (let round = 0; round < rounds; round++) {
  for (const [name, body] of Object.entries(PROGRAMS)) {
    const ready = program(`export default { async fetch(request) { ${body} } }`);
    const call = invocation({ request: { body: REQUEST }, seed: 42, virtualTimeMillis: 1_709_210_096_789 });
    const { outcome, usage, response, logs } = ready.run(call);
    const again = ready.run(call);
    const result = {
      outcome,
      fuel: usage.fuel.toString(),
      memoryPages: usage.memoryPages,
      events: usage.events,
      response: createHash("sha256").update(response).digest("hex"),
      state: ready.stateDigest(),
      logs,
      repeats: again.usage.fuel === usage.fuel && Buffer.compare(again.response, response) === 0,
    };
    if (round > 0 && JSON.stringify(result) !== JSON.stringify(results[name])) throw new Error(`${name} differs`);
    results[name] = result;
  }
}
writeSync(1, JSON.stringify(results));
