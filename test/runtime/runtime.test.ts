import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findBubblewrap } from "#runtime/executor/bubblewrap.ts";
import { JavascriptProgram } from "#runtime/javascript/javascript-program.ts";
import { createRuntime } from "#runtime/runtime.ts";
import { ECHO_WASM, scratchFolder } from "./image/image-fixture.ts";
import { engine } from "./javascript/engine-fixture.ts";
import { imageOf, invocationOf, textOf } from "./runtime-fixture.ts";

const shout = await imageOf(`export default { async fetch(request) { const text = await request.text();
  if (text === "loop") for (;;); return new Response(text.toUpperCase() + Math.random()); } }`);
const echo = await imageOf(ECHO_WASM, "echo.wasm");
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

test("hundreds of calls of several images in both lanes give each its own answer", async () => {
  const invocations = Array.from({ length: 300 }, (_, index) => invocationOf(`n${index}`));
  const answers = await Promise.all(
    invocations.map((invocation, index) =>
      runtime.run(index % 3 === 0 ? echo : shout, invocation, { lane: index % 2 ? "batch" : "interactive" }),
    ),
  );
  answers.forEach((execution, index) => {
    assert.ok(textOf(execution).startsWith(index % 3 === 0 ? `n${index}` : `N${index}0.`), textOf(execution));
  });
});

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
