import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Execution, Invocation } from "#runtime/execution.ts";
import { findBubblewrap } from "#runtime/executor/bubblewrap.ts";
import type { Image } from "#runtime/image/image.ts";
import { JavascriptProgram } from "#runtime/javascript/javascript-program.ts";
import { createRuntime } from "#runtime/runtime.ts";
import { ECHO_WASM, scratchFolder } from "./image/image-fixture.ts";
import { engine } from "./javascript/engine-fixture.ts";
import { assemble } from "./metering/assemble.ts";
import { imageOf, invocationOf, textOf } from "./runtime-fixture.ts";

const shout = await imageOf(`export default { async fetch(request) { const text = await request.text();
  if (text === "loop") for (;;); return new Response(text.toUpperCase() + Math.random()); } }`);
const echo = await imageOf(ECHO_WASM, "echo.wasm");
/** Keeps memory by the length of its request, and would show what a call before it kept. */
const hoard = await imageOf(
  `const kept = []; export default { async fetch(request) { const text = await request.text();
  if (text === "loop") for (;;); if (text === "throw") throw new Error(text);
  kept.push(new Uint8Array(text.length * 40_000).fill(1)); console.log(text.length);
  return Response.json([kept.length, kept[0].length, Math.random()]); } }`,
  "hoard.js",
);
/** As many pages more as its request is long; answers how often it ran, if anything of earlier calls were left. */
const COUNTER = `(module (import "mimik" "request_length" (func $length (param i32) (result i32)))
  (import "mimik" "response_write" (func $write (param i32 i32))) (memory 1) (global $calls (mut i32) (i32.const 0))
  (func (export "handle") (local $length i32) (local.set $length (call $length (i32.const 0)))
    (if (i32.eq (local.get $length) (i32.const 4)) (then (loop $l (br $l))))
    (if (i32.eq (local.get $length) (i32.const 5)) (then unreachable))
    (drop (memory.grow (local.get $length))) (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (global.get $calls)))
    (call $write (i32.const 0) (i32.const 4))))`;
const counter = await imageOf(assemble(COUNTER), "counter.wasm");
const runtime = await createRuntime({ executors: 2 });
after(() => runtime[Symbol.asyncDispose]());

test("JavaScript and WebAssembly run in executors, with the same answer and bill as anywhere", async () => {
  const invocation = invocationOf("hello");
  const execution = await runtime.run(shout, invocation);
  assert.equal(execution.outcome, "ok");
  assert.match(textOf(execution), /^HELLO0\.\d+$/);
  assert.deepEqual(
    execution,
    new JavascriptProgram(engine, shout.layer, shout.config.limits.memoryPages).run(invocation),
  );
  const copied = await runtime.run(echo, invocation);
  assert.equal(textOf(copied), "hello");
  await using weaker = await createRuntime({ executors: 1, isolation: "process" });
  assert.equal(weaker.isolation, "process");
  assert.deepEqual(await weaker.run(shout, invocation), execution);
  assert.deepEqual(await weaker.run(echo, invocation), copied);
});

test("isolation is the kernel's where the host has it", { skip: !findBubblewrap() && "no bubblewrap" }, () => {
  assert.equal(runtime.isolation, "kernel");
});

test("hundreds of calls at once have the answer, the log and the bill that each has alone", async () => {
  const bodies = Array.from({ length: 40 }, (_, index) => ["loop", "throw", "trap"][index] ?? "n".repeat(index * 7));
  const calls = [shout, echo, hoard, counter].flatMap((image) =>
    bodies.map((body) => ({ image, invocation: invocationOf(body, { fuel: 20_000_000n }) })),
  );
  const expected = await oneAtATime(calls);
  const outcomes = new Set(expected.map(({ outcome }) => outcome));
  assert.deepEqual([...outcomes].toSorted(), ["guest-abort", "ok", "out-of-fuel", "trap"]);
  assert.ok(new Set(expected.map(({ usage }) => usage.memoryPages)).size > 40, "calls differ in the memory they use");
  // 7 is no divisor of the number of calls: neighbours are of different images, and every call has its turn.
  const turns = Array.from({ length: 4 * calls.length }, (_, turn) => (turn * 7) % calls.length);
  const executions = await Promise.all(
    turns.map((index, turn) => {
      const { image, invocation } = calls[index] as (typeof calls)[number];
      return runtime.run(image, invocation, { lane: turn % 2 ? "batch" : "interactive" });
    }),
  );
  executions.forEach((execution, turn) => {
    const index = turns[turn] as number;
    assert.deepEqual(
      execution,
      expected[index],
      `${calls[index]?.image.config.name}, ${bodies[index % bodies.length]}`,
    );
  });
});

/** What each call gives on a single executor that has nothing else to do. */
async function oneAtATime(calls: readonly { image: Image; invocation: Invocation }[]): Promise<Execution[]> {
  await using alone = await createRuntime({ executors: 1 });
  const executions: Execution[] = [];
  for (const { image, invocation } of calls) executions.push(await alone.run(image, invocation));
  return executions;
}

test("a large body goes in and out", async () => {
  const body = "x".repeat(3_000_000);
  const execution = await runtime.run(echo, invocationOf(body, { responseBytes: 4_000_000 }));
  assert.equal(textOf(execution).length, body.length);
});

test("a cancelled call ends at once and leaves the runtime working", async () => {
  const abort = new AbortController();
  const looping = runtime.run(shout, invocationOf("loop", { fuel: 200_000_000_000n }), { signal: abort.signal });
  const before = runtime.run(shout, invocationOf("before"));
  abort.abort();
  await assert.rejects(looping, { code: "cancelled" });
  await before;
  // Cancelling is nobody's fault: it may be done often.
  for (let time = 0; time < 4; time++) {
    const again = new AbortController();
    const call = runtime.run(shout, invocationOf("loop", { fuel: 200_000_000_000n }), { signal: again.signal });
    setTimeout(() => again.abort(), 5);
    await assert.rejects(call, { code: "cancelled" });
  }
  await assert.rejects(runtime.run(shout, invocationOf("x"), { signal: abort.signal }), { code: "cancelled" });
  assert.match(textOf(await runtime.run(shout, invocationOf("after"))), /^AFTER/);
});

test("what no node may run is refused before it is sent", async () => {
  const invocation = invocationOf("x");
  const wrong = [
    { ...invocation, seed: new Uint8Array(31) },
    { ...invocation, virtualTimeMillis: 0.5 },
    invocationOf("x", { fuel: 200_000_000_001n }),
    invocationOf("x", { memoryPages: 1e9 }),
    invocationOf("x", { responseBytes: -1 }),
  ];
  for (const each of wrong) await assert.rejects(runtime.run(shout, each), { code: "invocation-invalid" });
  const foreign = { ...shout, config: { ...shout.config, runtime: { ...shout.config.runtime, meteringVersion: 999 } } };
  await assert.rejects(runtime.run(foreign, invocation), { code: "image-refused" });
});

test("a closed runtime answers what waits and refuses the rest", async () => {
  const closing = await createRuntime({ executors: 1, isolation: "process" });
  const looping = closing.run(shout, invocationOf("loop", { fuel: 200_000_000_000n }));
  const rejected = assert.rejects(looping, { code: "runtime-closed" });
  await closing[Symbol.asyncDispose]();
  await rejected;
  await assert.rejects(closing.run(shout, invocationOf("x")), { code: "runtime-closed" });
});

test("killing the program leaves no executor behind", { skip: process.platform !== "linux" }, async () => {
  await using folder = await scratchFolder();
  const mark = folder.path;
  const main = fileURLToPath(new URL("./runtime-main.ts", import.meta.url));
  const program = spawn(process.execPath, [main, mark], { stdio: ["ignore", "pipe", "inherit"] });
  await once(program.stdout, "data");
  assert.ok(processesWith(mark).length >= 2, "the program and its executors run");
  program.kill("SIGKILL");
  await once(program, "close");
  for (let tries = 0; processesWith(mark).length > 0 && tries < 100; tries++) await sleep(50);
  assert.deepEqual(processesWith(mark), []);
});

function processesWith(mark: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
    } catch {
      return false;
    }
  });
}
