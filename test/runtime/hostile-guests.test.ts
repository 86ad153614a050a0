// What strangers' microservices may try, through a real executor: each ends with a typed outcome or refusal, and the
// calls after it, of the same image and of others, are as if it had never been.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { digestOf } from "#protocol/digest.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { OutcomeKind } from "#protocol/usage.ts";
import type { Execution } from "#runtime/execution.ts";
import type { Image, ImageKind } from "#runtime/image/image.ts";
import { createRuntime } from "#runtime/runtime.ts";
import { benchImage } from "#scripts/bench/bench-image.ts";
import { ECHO_WASM } from "./image/image-fixture.ts";
import { assemble } from "./metering/assemble.ts";
import { seededBytes } from "./metering/fuzz-modules.ts";
import { invocationOf, textOf } from "./runtime-fixture.ts";

const DAMAGED = 1_500;
const CUT_SOURCES = 60;
const REFUSALS = ["module-malformed", "module-invalid", "module-refused", "import-refused", "module-start-failed"];

const runtime = await createRuntime({ executors: 1 });
after(() => runtime[Symbol.asyncDispose]());

const limits = { fuel: 100_000_000n, memoryPages: 1_024 };
const invocation = invocationOf("calm", limits);
const neighbours = [
  image("wasi", ECHO_WASM),
  javascript(`const all = []; all.push(Object.keys({}), [..."ab"], String({}), /a+b/.test("aab"));
    return Response.json([all, await request.text()]);`),
];
const calm = await Promise.all(neighbours.map((each) => runtime.run(each, invocation)));
assert.deepEqual(calm.map(textOf), ["calm", '[[[],["a","b"],"[object Object]",true],"calm"]']);

/** An image that no packing has looked at, as a hostile consumer would send it. */
function image(kind: ImageKind, layer: Uint8Array): Image {
  return { ...benchImage(kind, layer), digest: digestOf(layer) };
}

function javascript(body: string): Image {
  return image("javascript", Buffer.from(`export default { async fetch(request) { ${body} } }`));
}

/** A library with all that the guests below import. */
function library(handle: string, more = ""): Image {
  return module(`(import "mimik" "response_write" (func $write (param i32 i32)))
    (import "mimik" "log" (func $log (param i32 i32))) (memory 1) ${more} (func $handle (export "handle") ${handle})`);
}

function module(text: string): Image {
  return image("wasm", assemble(`(module ${text})`));
}

async function requireCalm(event: string): Promise<void> {
  for (const [index, neighbour] of neighbours.entries()) {
    assert.deepEqual(await runtime.run(neighbour, invocation), calm[index], `a neighbour's call after ${event}`);
  }
}

const FILL = "(memory.fill (i32.const 0) (i32.const 255) (i32.const 65536))";
const GUESTS: Readonly<Record<string, readonly [guest: Image, outcome: OutcomeKind]>> = {
  "an infinite loop": [library("(loop $l (br $l))"), "out-of-fuel"],
  "a deep recursion": [
    library("(call $handle) (global.set $n (i32.const 1))", "(global $n (mut i32) (i32.const 0))"),
    "too-deep",
  ],
  "a memory bomb": [library("(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))"), "ok"],
  "one huge growth": [library("(drop (memory.grow (i32.const 1023)))"), "ok"],
  "growing and touching": [library(`(loop $l (drop (memory.grow (i32.const 1))) ${FILL} (br $l))`), "out-of-fuel"],
  "a table bomb": [
    library(
      "(loop $l (br_if $l (i32.ne (table.grow $t (ref.func $handle) (i32.const 999)) (i32.const -1))))",
      "(table $t 1 funcref)",
    ),
    "ok",
  ],
  "table fills": [
    library(
      "(loop $l (table.fill $t (i32.const 0) (ref.func $handle) (i32.const 131072)) (br $l))",
      "(table $t 131072 funcref)",
    ),
    "out-of-fuel",
  ],
  "a NaN left in a global": [
    library(
      `(i64.store (i32.const 0) (i64.reinterpret_f64 (global.get $n)))
       (f64.store (i32.const 8) (f64.div (f64.const 0) (f64.load (i32.const 16))))
       (call $write (i32.const 0) (i32.const 16)) (global.set $n (f64.const nan:0x123))`,
      "(global $n (mut f64) (f64.const 0))",
    ),
    "ok",
  ],
  "an oversized response": [library("(loop $l (call $write (i32.const 0) (i32.const 65536)) (br $l))"), "guest-abort"],
  "endless questions": [library("(loop $l (call $write (i32.const 0) (i32.const 0)) (br $l))"), "guest-abort"],
  "a log flood": [library("(loop $l (call $log (i32.const 0) (i32.const 65536)) (br $l))"), "out-of-fuel"],
  "a read outside of memory": [library("(drop (i32.load (i32.const -4)))"), "trap"],
  "an endless script": [javascript("for (;;);"), "out-of-fuel"],
  "a script's memory bomb": [javascript("const all = []; for (;;) all.push(new Uint8Array(1e6));"), "guest-abort"],
  "a catastrophic regular expression": [
    javascript(`return new Response(String(/(a+)+b/.test("a".repeat(60))));`),
    "out-of-fuel",
  ],
  "prototype pollution": [
    javascript(`Object.prototype.polluted = Array.prototype.push = String.prototype.toString = () => 7;
      Object.prototype.toString = RegExp.prototype.test = () => "polluted"; return new Response("done");`),
    "ok",
  ],
};

for (const [name, [guest, outcome]] of Object.entries(GUESTS)) {
  test(`${name} ends as ${outcome} and leaves nothing behind`, async () => {
    const first = await runtime.run(guest, invocation);
    assert.equal(first.outcome, outcome, first.logs.slice(0, 200));
    assert.ok(first.usage.memoryPages <= limits.memoryPages && first.logs.length <= 66_000);
    await requireCalm(name);
    assert.deepEqual(await runtime.run(guest, invocation), first, "its own next call");
  });
}

const HANDLE = '(func (export "handle"))';
const REFUSED: Readonly<Record<string, readonly [guest: Image, code: string]>> = {
  "an import of the system": [module(`(import "env" "system" (func)) ${HANDLE}`), "import-refused"],
  "an import of every object's own names": [module(`(import "mimik" "__proto__" (func)) ${HANDLE}`), "import-refused"],
  "an import of a constructor": [module(`(import "constructor" "constructor" (func)) ${HANDLE}`), "import-refused"],
  "an import with another type": [
    module(`(import "mimik" "log" (func (param i64) (result externref))) ${HANDLE}`),
    "import-refused",
  ],
  "the other lane's functions": [
    module(`(import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) ${HANDLE}`),
    "import-refused",
  ],
  "a memory of the host's": [module(`(import "mimik" "memory" (memory 1)) ${HANDLE}`), "import-refused"],
  "a name of the meter's as an import": [module(`(import "~" "memory" (memory 1)) ${HANDLE}`), "module-refused"],
  "a name of the meter's as an export": [module(`${HANDLE} (func (export "~budget"))`), "module-refused"],
  "a bomb of loops": [module(`(func ${"(loop)".repeat(501)}) ${HANDLE}`), "module-refused"],
  "a bomb of code": [module(`(func ${"(drop (i32.const 1000000))".repeat(40_000)}) ${HANDLE}`), "module-refused"],
  "a bomb of locals": [module(`${`(func (local ${"i32 ".repeat(30_000)}))`.repeat(70)} ${HANDLE}`), "module-refused"],
  "an endless start": [module(`(start $s) (func $s (loop $l (br $l))) ${HANDLE}`), "module-start-failed"],
  "a start that ends in a trap": [module(`(start $s) (func $s unreachable) ${HANDLE}`), "module-start-failed"],
};

for (const [name, [guest, code]] of Object.entries(REFUSED)) {
  test(`${name} is refused as ${code}, each time, and costs no other call`, async () => {
    for (let time = 0; time < 2; time++) {
      await assert.rejects(runtime.run(guest, invocation), { code });
      await requireCalm(name);
    }
  });
}

test("damaged modules by the thousand are refused or run to a typed end", async () => {
  const endings = new Map<string, number>();
  for (let seed = 0; seed < DAMAGED; seed++) {
    const ending = await endOf(image("wasi", damaged(ECHO_WASM, seed)));
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
    if (seed % 250 === 0) await requireCalm(`damage ${seed}`);
  }
  await requireCalm("all damage");
  const seen = JSON.stringify([...endings]);
  for (const ending of ["ok", "module-malformed", "module-invalid"]) assert.ok((endings.get(ending) ?? 0) > 20, seen);
});

/** The outcome, or the code of a refusal that is the module's own fault. */
async function endOf(guest: Image): Promise<string> {
  try {
    return (await runtime.run(guest, invocationOf("calm", { ...limits, fuel: 3_000_000n }))).outcome;
  } catch (error) {
    if (error instanceof ProtocolError && REFUSALS.includes(error.code)) return error.code;
    throw error;
  }
}

/** Cut off somewhere, or with one to three bytes changed. */
function damaged(module: Uint8Array, seed: number): Uint8Array {
  const random = new DataView(Uint8Array.from(seededBytes(seed, 32)).buffer);
  const bytes = Uint8Array.from(module);
  if (random.getUint8(0) < 64) return bytes.slice(0, 1 + (random.getUint32(4) % (bytes.length - 1)));
  for (let change = 0; change <= random.getUint8(1) % 3; change++) {
    bytes[random.getUint32(8 + change * 4) % bytes.length] = random.getUint8(24 + change);
  }
  return bytes;
}

test("sources cut off anywhere answer every call with the reason, and cost no other call", async () => {
  const source = "export default { fetch(request) { return Response.json([1, 2].map((n) => n * 2)); } };";
  const ends: Execution[] = [];
  for (let length = source.length - CUT_SOURCES; length < source.length - 1; length++) {
    ends.push(await runtime.run(image("javascript", Buffer.from(source.slice(0, length))), invocation));
  }
  for (const { outcome, logs } of ends) assert.deepEqual([outcome, logs.length > 10], ["guest-abort", true]);
  await requireCalm("cut sources");
  assert.equal(textOf(await runtime.run(image("javascript", Buffer.from(source)), invocation)), "[2,4]");
});
