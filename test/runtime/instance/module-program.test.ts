import assert from "node:assert/strict";
import { test } from "node:test";
import type { Execution } from "#runtime/execution.ts";
import { loadModule } from "#runtime/instance/module-program.ts";
import type { Program } from "#runtime/program.ts";
import { assemble } from "../metering/assemble.ts";
import { bodyOf, command, invocation, library, loadGuest, WASI } from "./guest.ts";

const ANSWER = '(data (i32.const 0) "fine")';
/** Answers how often it ran, if anything of earlier calls were left. */
const COUNT = `(i32.store (i32.const 32) (i32.add (i32.load (i32.const 32)) (i32.const 1)))
  (global.set $g (i32.add (global.get $g) (i32.const 1)))
  (i32.store8 (i32.const 40) (i32.add (i32.const 48) (i32.load (i32.const 32))))
  (i32.store8 (i32.const 41) (i32.add (i32.const 48) (global.get $g)))
  (call $response_write (i32.const 40) (i32.const 2))`;
const GLOBAL = "(global $g (mut i32) (i32.const 0))";

/** Frames that count for much and take little, so that the test's own stack is enough: operands need not be stored. */
const RECURSION = `(module (func $wide (param ${"i32 ".repeat(900)}))
  (func $f (export "handle") (call $wide ${"(i32.const 0)".repeat(900)}) (call $f) (global.set $n (i32.const 1)))
  (global $n (mut i32) (i32.const 0)))`;

test("each way to end has its outcome and its bill", () => {
  const guests: [name: string, program: Program, outcome: Execution["outcome"], fuel: "all" | "counted"][] = [
    ["returns", library("(call $response_write (i32.const 0) (i32.const 4))", ANSWER), "ok", "counted"],
    ["aborts", library("(call $abort (i32.const 0) (i32.const 4))", ANSWER), "guest-abort", "counted"],
    ["loops", library("(loop $l (br $l))"), "out-of-fuel", "all"],
    ["recurses", loadGuest(RECURSION), "too-deep", "counted"],
    ["traps", library("unreachable"), "trap", "all"],
    ["reads outside", library("(drop (i32.load (i32.const -4)))"), "trap", "all"],
    ["points outside", library("(call $response_write (i32.const -4) (i32.const 8))"), "guest-abort", "counted"],
    ["exits with 0", command("(call $proc_exit (i32.const 0))"), "ok", "counted"],
    ["exits with 3", command("(call $proc_exit (i32.const 3))"), "guest-abort", "counted"],
  ];
  for (const [name, program, outcome, fuel] of guests) {
    const execution = program.run(invocation());
    assert.equal(execution.outcome, outcome, name);
    if (fuel === "all") assert.equal(execution.usage.fuel, 10_000_000n, name);
    else assert.ok(execution.usage.fuel > 0n && execution.usage.fuel < 10_000_000n, name);
    assert.deepEqual(program.run(invocation()), execution, `${name}, again`);
  }
});

test("fuel that is used up between two checks is out of fuel all the same", () => {
  const program = library("(local i32) (local.set 0 (i32.mul (local.get 0) (local.get 0)))");
  const { usage } = program.run(invocation());
  assert.equal(program.run(invocation("", { fuel: usage.fuel })).outcome, "ok");
  const short = program.run(invocation("", { fuel: usage.fuel - 1n }));
  assert.equal(short.outcome, "out-of-fuel");
  assert.equal(short.usage.fuel, usage.fuel - 1n);
});

test("a call finds nothing of the calls before it", () => {
  const program = library(COUNT, GLOBAL);
  for (let call = 0; call < 5; call++) assert.equal(bodyOf(program.run(invocation())), "11");
});

test("an instance that grew is replaced, and the next call is the same as on a fresh one", () => {
  const grow = `(drop (memory.grow (i32.const 3))) (memory.fill (i32.const 100) (i32.const 7) (i32.const 200000)) ${COUNT}`;
  const program = library(grow, GLOBAL);
  const first = program.run(invocation());
  assert.equal(first.usage.memoryPages, 4);
  assert.equal(bodyOf(first), "11");
  assert.ok(first.usage.fuel > 3n * 65_536n);
  for (let call = 0; call < 3; call++) assert.deepEqual(program.run(invocation()), first);
});

test("tables, dropped segments and vector globals are as new in every call", () => {
  const table = `(module (import "mimik" "response_status" (func $status (param i32))) (memory 1)
    (type $n (func (result i32))) (table 4 funcref) (elem (i32.const 0) $a $b)
    (func $a (result i32) (i32.const 200)) (func $b (result i32) (i32.const 201))
    (func (export "handle")
      (call $status (call_indirect (type $n) (i32.const 0)))
      (table.set (i32.const 0) (table.get (i32.const 1)))))`;
  const data = `(module (import "mimik" "response_write" (func $write (param i32 i32))) (memory 1) (data $d "data")
    (func (export "handle") (memory.init $d (i32.const 0) (i32.const 0) (i32.const 4)) (data.drop $d) (call $write (i32.const 0) (i32.const 4))))`;
  const vector = `(module (import "mimik" "response_write" (func $write (param i32 i32))) (memory 1)
    (global $v (mut v128) (v128.const i32x4 65 65 65 65))
    (func (export "handle") (v128.store (i32.const 0) (global.get $v)) (call $write (i32.const 0) (i32.const 1))
      (global.set $v (v128.const i32x4 66 66 66 66))))`;
  for (const text of [table, data, vector]) {
    const program = loadGuest(text);
    const first = program.run(invocation());
    assert.equal(first.outcome, "ok");
    for (let call = 0; call < 3; call++) assert.deepEqual(program.run(invocation()), first);
  }
});

test("the start runs once, before the first call, with the clock at zero", () => {
  const program = loadGuest(`(module (import "mimik" "now" (func $now (result i64)))
    (import "mimik" "response_write" (func $write (param i32 i32))) (memory 1) (start $start)
    (func $start (i64.store (i32.const 0) (call $now)) (i32.store8 (i32.const 8) (i32.add (i32.load8_u (i32.const 8)) (i32.const 65))))
    (func (export "_initialize") (i32.store8 (i32.const 9) (i32.const 66)))
    (func (export "handle") (call $write (i32.const 0) (i32.const 10))))`);
  for (let call = 0; call < 2; call++) assert.equal(bodyOf(program.run(invocation())), "\0\0\0\0\0\0\0\0AB");
  assert.throws(
    () => loadGuest('(module (start $s) (func $s (loop $l (br $l))) (func (export "handle")))'),
    /out-of-fuel/,
  );
});

test("hostile guests end in a typed outcome and leave the next call untouched", () => {
  const wide = "(memory.fill (i32.const 0) (i32.const 255) (i32.const 65536))";
  const hostile: [name: string, program: Program, outcome: Execution["outcome"]][] = [
    ["memory bomb", library("(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))"), "ok"],
    ["grow and touch", library(`(loop $l (drop (memory.grow (i32.const 1))) ${wide} (br $l))`), "out-of-fuel"],
    ["huge growth", library("(if (i32.ne (memory.grow (i32.const 65535)) (i32.const -1)) (then unreachable))"), "ok"],
    [
      "oversized response",
      library("(loop $l (call $response_write (i32.const 0) (i32.const 65536)) (br $l))"),
      "guest-abort",
    ],
    ["log flood", library("(loop $l (call $log (i32.const 0) (i32.const 65536)) (br $l))"), "out-of-fuel"],
    [
      "header flood",
      library(
        "(loop $l (call $response_header (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)) (br $l))",
        '(data (i32.const 0) "a")',
      ),
      "guest-abort",
    ],
    ["bad status", library("(call $response_status (i32.const 99))"), "guest-abort"],
    [
      "bad header",
      library(
        "(call $response_header (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1))",
        '(data (i32.const 0) "\\0a")',
      ),
      "guest-abort",
    ],
    ["random flood", library("(loop $l (call $random (i32.const 0) (i32.const 60000)) (br $l))"), "out-of-fuel"],
    [
      "hash flood",
      library("(loop $l (call $sha256 (i32.const 0) (i32.const 60000) (i32.const 0)) (br $l))"),
      "out-of-fuel",
    ],
    ["abort of everything", library("(call $abort (i32.const 0) (i32.const 65536))"), "guest-abort"],
  ];
  for (const [name, program, outcome] of hostile) {
    const first = program.run(invocation());
    assert.equal(first.outcome, outcome, name);
    assert.ok(first.logs.length <= 66_000, name);
    assert.deepEqual(program.run(invocation()), first, `${name}: the second call differs`);
  }
});

test("growth stops at the invocation's pages, and reads there stay in bounds", () => {
  const program = library("(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))");
  assert.equal(program.run(invocation("", { memoryPages: 5 })).usage.memoryPages, 5);
  assert.equal(program.run(invocation()).usage.memoryPages, 64);
  assert.throws(() => program.run(invocation("", { memoryPages: 0 })), { code: "invocation-invalid" });
});

test("imports off the list, wrong types and missing entries are refused with their names", () => {
  const entry = '(func (export "handle"))';
  const cases: [text: string, expected: RegExp][] = [
    [`(module (import "env" "system" (func)) ${entry})`, /import env.system is not offered/],
    [`(module (import "mimik" "log" (func (param i64))) ${entry})`, /import mimik.log has the type \(i64\)->/],
    [`(module (import "mimik" "log" (global i32)) ${entry})`, /import mimik.log has the type global/],
    [`(module (import "env" "memory" (memory 1)) ${entry})`, /import env.memory is not offered/],
    ['(module (func (export "handle") (param i32)))', /a library exports handle/],
    ["(module)", /a library exports handle/],
    [`(module (memory 65) ${entry})`, /memory of 65 pages exceeds the limit of 64/],
    [`(module (memory 1) (data (i32.const 65536) "x") ${entry})`, /start ended as trap/],
  ];
  for (const [text, expected] of cases) assert.throws(() => loadGuest(text), expected, text);
  assert.throws(() => loadModule(assemble(`(module ${entry})`), WASI), /a WASI command exports _start/);
});
