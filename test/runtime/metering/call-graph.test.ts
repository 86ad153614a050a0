import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { DEPTH_SLOTS } from "#runtime/metering/budget.ts";
import { inFreshProcess } from "../fresh-process.ts";
import { assemble } from "./assemble.ts";
import { MeteredInstance } from "./metered-instance.ts";

test("a leaf that always costs the same is charged where it is called", () => {
  const text = `(module
    (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func (export "run") (param i32) (result i32) (call $leaf (call $leaf (local.get 0)))))`;
  const { value, fuel } = new MeteredInstance(assemble(text)).call("run", [5]);
  assert.equal(value, 45);
  // Two calls of 4, two bodies of 3, one local.get.
  assert.equal(fuel, 15n);
});

test("the depth comes back after every way out of a function", () => {
  const text = `(module (type $f (func (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $by)
    (func $by (export "by") (param i32) (result i32)
      (block $out (result i32)
        (br_if $out (i32.const 1) (i32.eqz (local.get 0)))
        (if (i32.eq (i32.const 1) (local.get 0)) (then (return (i32.const 2))))
        (if (i32.eq (i32.const 2) (local.get 0)) (then (return_call $by (i32.const 1))))
        (if (i32.eq (i32.const 3) (local.get 0)) (then (return_call_indirect (type $f) (i32.const 2) (i32.const 0))))
        (if (i32.eq (i32.const 4) (local.get 0)) (then (return (call_indirect (type $f) (i32.const 0) (i32.const 0)))))
        (if (i32.eq (i32.const 5) (local.get 0)) (then (return (call $by (i32.const 1)))))
        (drop))
      (i32.const 9)))`;
  const instance = new MeteredInstance(assemble(text.replace("(drop))\n      (i32.const 9)", "(drop) (i32.const 9))")));
  for (let way = 0; way < 8; way++) {
    const { error } = instance.call("by", [way]);
    assert.equal(error, undefined);
    assert.equal(instance.budget.value & 0x7ffffn, BigInt(DEPTH_SLOTS), `way ${way}`);
  }
});

test("tail calls run in constant depth, through all conventions", () => {
  const text = `(module (type $f (func (param i32) (result i32))) (table 2 funcref) (elem (i32.const 0) $odd $even)
    (func $done (param i32) (result i32) (i32.const 42))
    (func $even (export "even") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (return_call $done (local.get 0))))
      (return_call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
    (func $odd (param i32) (result i32) (return_call $middle (i32.sub (local.get 0) (i32.const 1))))
    (func $middle (param i32) (result i32) (return_call $even (local.get 0)))
    (func $self (export "self") (param i32) (result i32) (local f64 i64)
      (local.set 1 (f64.const 3)) (local.set 2 (i64.const 4))
      (if (i32.eqz (local.get 0)) (then (return (i32.trunc_f64_s (local.get 1)))))
      (return_call $self (i32.sub (local.get 0) (i32.const 1)))))`;
  const instance = new MeteredInstance(assemble(text));
  assert.equal(instance.call("even", [200_000], 1n << 40n).value, 42);
  assert.equal(instance.call("self", [200_000], 1n << 40n).value, 3);
});

test("fuel stops loops, recursion, tail calls and calls through tables", () => {
  const text = `(module (type $n (func)) (table 1 funcref) (elem (i32.const 0) $table)
    (func (export "loop") (loop $l (br $l)))
    (func $tail (export "tail") (return_call $tail))
    (func $table (export "table") (return_call_indirect (type $n) (i32.const 0)))
    (func $a (export "mutual") (loop $l (call $b) (br $l)))
    (func $b (drop (i32.const 1))))`;
  const instance = new MeteredInstance(assemble(text));
  for (const name of ["loop", "tail", "table", "mutual"]) {
    const call = instance.call(name, [], 100_000n);
    assert.ok(call.outOfFuel && !call.tooDeep, name);
    assert.match(String(call.error), /unreachable/);
  }
});

test("the counted depth ends before the native stack, with small and large frames, under every compiler", async () => {
  const script = join(import.meta.dirname, "depth-run.ts");
  // Each compiler alone: what they do by turns lies between.
  for (const flags of [["--liftoff-only"], ["--no-liftoff"]]) {
    const output = await inFreshProcess(script, [], { flags });
    assert.equal(output, "too-deep ".repeat(output.split(" ").length - 1), flags.join());
    assert.ok(output.length > 50);
  }
});
