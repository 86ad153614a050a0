// Benchmark of the JavaScript lane in this process: restore the microservice's state, call its handler, take the answer.
import { readEngine } from "#runtime/javascript/engine-pin.ts";
import { JavascriptEngine } from "#runtime/javascript/javascript-engine.ts";
import { JavascriptProgram } from "#runtime/javascript/javascript-program.ts";
import { benchInvocation, JSON_HANDLER } from "./bench-image.ts";

/** V8 compiles the engine better for about 15,000 calls; an executor lives for two million. */
const WARM_CALLS = 20_000;
const CALLS = 500;
/** The best is taken, as for pooled calls: whatever a neighbour on the machine adds is not the lane's. */
const ROUNDS = 60;

/** Microseconds of a call that parses JSON, sorts, hashes and writes JSON, and calls per second of one core. */
export async function benchJavascript(): Promise<{ callMicros: number; callsPerSecond: number }> {
  const program = new JavascriptProgram(new JavascriptEngine(await readEngine()), Buffer.from(JSON_HANDLER), 1_024);
  const invocation = benchInvocation();
  const first = program.run(invocation);
  if (first.outcome !== "ok") throw new Error(`The benchmark's handler ended as ${first.outcome}: ${first.logs}`);
  const run = (calls: number) => {
    for (let call = 0; call < calls; call++) program.run(invocation);
  };
  run(WARM_CALLS);
  let callMicros = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    run(CALLS);
    callMicros = Math.min(callMicros, ((performance.now() - start) * 1_000) / CALLS);
  }
  return { callMicros, callsPerSecond: 1_000_000 / callMicros };
}
