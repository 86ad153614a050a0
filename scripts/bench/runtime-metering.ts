// Benchmarks of the metering pass and of WebAssembly instances. Every number is the best or the median of many runs in
// this process, under the compiler flags that executors run with.
import { hash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { encodeRequest, encodeResponse } from "#protocol/message.ts";
import { compileModule } from "#runtime/instance/compile-module.ts";
import { HostCall } from "#runtime/instance/host-call.ts";
import { MemoryPool } from "#runtime/instance/memory-pool.ts";
import { ModuleInstance } from "#runtime/instance/module-instance.ts";
import { loadModule } from "#runtime/instance/module-program.ts";
import { REQUEST_LANE } from "#runtime/instance/request-lane.ts";
import { FUEL_MAX, packBudget } from "#runtime/metering/budget.ts";
import { meterModule } from "#runtime/metering/meter-module.ts";
import { ABI } from "#runtime/metering/module-abi.ts";
import { readEngineWasm } from "./engine-wasm.ts";
import { assemble, type Kernel } from "./kernels/kernel.ts";
import { KERNELS } from "./kernels/kernels.ts";

for (const flag of ["max-size=2000", "budget=20000", "factor=10"]) setFlagsFromString(`--wasm-inlining-${flag}`);

/** Long enough for the optimising compiler, which works beside us, to be done. */
const WARM_MILLIS = 600;
const ROUNDS = 300;

/** Echoes the request's body with a status, through the request ABI. */
const ECHO = assemble(`(module
  (import "mimik" "request_length" (func $length (param i32) (result i32)))
  (import "mimik" "request_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "mimik" "response_write" (func $write (param i32 i32)))
  (memory 1)
  (func (export "handle")
    (call $write (i32.const 1024)
      (call $read (i32.const 0) (i32.const 0) (i32.const 1024) (call $length (i32.const 0))))))`);

const INVOCATION = {
  request: encodeRequest({ method: "POST", url: "/", headers: [], body: new TextEncoder().encode("hello") }),
  virtualTimeMillis: 0,
  seed: new Uint8Array(32),
  limits: { fuel: 1_000_000n, memoryPages: 16, responseBytes: 65_536 },
};

/** What metering adds to the run time of each kernel, in percent: best metered run against best raw run, interleaved. */
export function benchOverhead(names?: readonly string[]): Record<string, number> {
  const kernels = KERNELS.filter(({ name }) => names?.includes(name) ?? true);
  return Object.fromEntries(kernels.map((kernel) => [kernel.name, overheadOf(kernel)]));
}

function overheadOf({ text, argument }: Kernel): number {
  const bytes = assemble(text);
  const { bytes: metered, meta } = meterModule(bytes, { pagesMax: 32 });
  const memory = new WebAssembly.Memory({ initial: meta.memory?.min ?? 0 });
  const raw = instanceOf(bytes, {});
  const guarded = instanceOf(metered, { [ABI.module]: { [ABI.memory]: memory } });
  const budget = guarded[ABI.budget] as WebAssembly.Global<"i64">;
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const warm = performance.now() + WARM_MILLIS;
  for (let round = 0; round < ROUNDS; ) {
    budget.value = packBudget(FUEL_MAX);
    const warming = performance.now() < warm;
    for (const [place, exports] of [raw, guarded].entries()) {
      const start = performance.now();
      (exports.run as (argument: number) => number)(argument);
      if (!warming) best[place] = Math.min(best[place] as number, performance.now() - start);
    }
    if (!warming) round++;
  }
  return ((best[1] as number) / (best[0] as number) - 1) * 100;
}

function instanceOf(bytes: Uint8Array, imports: WebAssembly.Imports): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)), imports).exports;
}

/** Megabytes a second that the pass takes in, of a half-megabyte module, once it is warm. */
export function benchPass(): number {
  const wasm = readEngineWasm();
  return wasm.length / 1_000 / Math.min(...timesOf(20, () => meterModule(wasm)));
}

/** Microseconds of a fresh instance of a loaded module with request and response. */
export function benchColdStart(): { p50: number; p99: number } {
  const compiled = compileModule(ECHO, { pagesMax: 16, imports: REQUEST_LANE.imports });
  const pool = new MemoryPool();
  const times = timesOf(20_000, () => {
    const instance = new ModuleInstance(compiled, REQUEST_LANE.host, pool);
    const call = new HostCall({ method: "POST", url: "/", headers: [], body: INVOCATION.request }, 0, INVOCATION.seed, {
      body: 65_536,
      log: 1_024,
    });
    instance.run(INVOCATION.limits, call, () => REQUEST_LANE.enter(instance));
    encodeResponse({ status: 200, headers: [], body: call.body() });
    instance.release();
  }).slice(5_000);
  times.sort((left, right) => left - right);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? Number.NaN) * 1_000;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Calls a second on a pooled instance: an encoded request, its hash, the run, an encoded response, its hash, a reset. */
export function benchPooledCalls(): number {
  using program = loadModule(ECHO, REQUEST_LANE, 16);
  const batch = 2_000;
  const best = Math.min(
    ...timesOf(60, () => {
      for (let call = 0; call < batch; call++) {
        hash("sha256", INVOCATION.request, "buffer");
        hash("sha256", program.run(INVOCATION).response, "buffer");
      }
    }),
  );
  return (batch * 1_000) / best;
}

/** Milliseconds from the bytes of a never seen module to its first response: pass, compilation, start, call. */
export function benchUnseenModule(): number {
  let seen = 0;
  const times = timesOf(60, () => {
    // Another constant each time, so that no cache knows the module.
    const bytes = UNSEEN[seen++ % UNSEEN.length] as Uint8Array;
    using program = loadModule(bytes, REQUEST_LANE, 16);
    program.run(INVOCATION);
  }).slice(20);
  times.sort((left, right) => left - right);
  return times[Math.floor(times.length / 2)] ?? Number.NaN;
}

const UNSEEN = Array.from({ length: 60 }, (_, index) => {
  const bodies = Array.from({ length: 60 }, (_unused, body) => {
    return `(func $f${body} (param i32) (result i32) (local i32)
      (loop $l (local.set 1 (i32.add (local.get 1) (i32.mul (local.get 0) (i32.const ${index * 1_000 + body}))))
        (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 3)))) (local.get 1))`;
  });
  const calls = bodies.map((_unused, body) => `(drop (call $f${body} (i32.const 1)))`).join(" ");
  return assemble(`(module (memory 1) ${bodies.join("\n")} (func (export "handle") ${calls}))`);
});

function timesOf(rounds: number, work: () => void): number[] {
  return Array.from({ length: rounds }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
}
