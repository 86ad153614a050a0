// Benchmark of calls through a sandboxed executor process, and of what peers pay for isolation on the same machine.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { EmscriptenModuleLoader, QuickJSEmscriptenModule } from "@jitl/quickjs-ffi-types";
import { createRuntime } from "#runtime/runtime.ts";
import { benchImage, benchInvocation, ECHO_WASM, median } from "./bench-image.ts";

const WARM_CALLS = 20_000;
const ROUND_TRIPS = 2_000;
const CALLS = 40_000;
const IN_FLIGHT = 256;
const ROUNDS = 5;

/** Median microseconds of one call alone, and calls per second with 256 in flight, through one executor. */
export async function benchExecutor(): Promise<{ roundTripMicros: number; callsPerSecond: number; isolation: string }> {
  await using runtime = await createRuntime({ executors: 1 });
  const image = benchImage("wasi", ECHO_WASM);
  const invocation = benchInvocation("hello");
  const run = async (calls: number, inFlight: number) => {
    let left = calls;
    const caller = async () => {
      while (left-- > 0) await runtime.run(image, invocation);
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
  };
  await run(WARM_CALLS, IN_FLIGHT);
  const roundTrips: number[] = [];
  for (let trip = 0; trip < ROUND_TRIPS; trip++) {
    const start = performance.now();
    await runtime.run(image, invocation);
    roundTrips.push((performance.now() - start) * 1_000);
  }
  const millis = await median(ROUNDS, async () => {
    const start = performance.now();
    await run(CALLS, IN_FLIGHT);
    return performance.now() - start;
  });
  return {
    roundTripMicros: roundTrips.sort((a, b) => a - b)[ROUND_TRIPS / 2] ?? Number.NaN,
    callsPerSecond: (CALLS * 1_000) / millis,
    isolation: runtime.isolation,
  };
}

/** What others start for one isolated call: a thread, a process, or an unmetered QuickJS context. */
export async function benchPeers(): Promise<{
  workerSpawnMillis: number;
  nodeSpawnMillis: number;
  quickjsEmscriptenContextMicros: number;
}> {
  return {
    workerSpawnMillis: await median(ROUNDS, async () => {
      const start = performance.now();
      const worker = new Worker("require('node:worker_threads').parentPort.postMessage(1)", { eval: true });
      await once(worker, "message");
      const millis = performance.now() - start;
      await worker.terminate();
      return millis;
    }),
    nodeSpawnMillis: await median(ROUNDS, async () => {
      const start = performance.now();
      await once(spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }), "close");
      return performance.now() - start;
    }),
    quickjsEmscriptenContextMicros: await quickjsContextMicros(),
  };
}

type Package = { readonly default: typeof import("@jitl/quickjs-wasmfile-release-sync").default };

/** A runtime and context of quickjs-emscripten's own bindings: made, asked for 1 + 1, and freed. */
async function quickjsContextMicros(): Promise<number> {
  // Its types say that the namespace is the variant itself.
  const { default: variant } = (await import("@jitl/quickjs-wasmfile-release-sync")) as unknown as Package;
  const load = (await variant.importModuleLoader()) as EmscriptenModuleLoader<QuickJSEmscriptenModule>;
  const module = await load();
  const Bindings = await variant.importFFI();
  const bindings = new Bindings(module);
  const source = module._malloc(4) as never;
  module.stringToUTF8("1+1", source, 4);
  const once = () => {
    const runtime = bindings.QTS_NewRuntime();
    const context = bindings.QTS_NewContext(runtime, 0 as never);
    bindings.QTS_FreeValuePointer(context, bindings.QTS_Eval(context, source, 3, "a.js", 0 as never, 0 as never));
    bindings.QTS_FreeContext(context);
    bindings.QTS_FreeRuntime(runtime);
  };
  for (let warm = 0; warm < 50; warm++) once();
  return median(ROUNDS, () => {
    const start = performance.now();
    for (let time = 0; time < 100; time++) once();
    return (performance.now() - start) * 10;
  });
}
