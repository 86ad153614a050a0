import assert from "node:assert/strict";
import { test } from "node:test";
import { assemble } from "./assemble.ts";
import { MeteredInstance } from "./metered-instance.ts";

const CANONICAL = 0x7ff8_0000_0000_0000n;
/** A NaN as a program may make it from bits: quiet, negative, with a payload. */
const PAYLOAD = 0xfff8_0000_dead_beefn;

function bitsAfter(body: string, locals = ""): bigint {
  const text = `(module (memory 1)
    (data (i32.const 0) "\\ef\\be\\ad\\de\\00\\00\\f8\\ff")
    (func $same (param f64) (result f64) (local.get 0))
    (global $g (mut f64) (f64.const 0))
    (func (export "run") ${locals} ${body}))`;
  const instance = new MeteredInstance(assemble(text));
  const { error } = instance.call("run");
  assert.equal(error, undefined);
  return new DataView(instance.bytes().buffer).getBigUint64(64, true);
}

const LOADED = "(f64.load (i32.const 0))";
const MADE = `(f64.add ${LOADED} (f64.const 1))`;
const store = (value: string) => `(f64.store (i32.const 64) ${value})`;

test("a NaN that a program wrote as bits keeps them through moves", () => {
  const moves: [string, string?][] = [
    [store(LOADED)],
    [`(local.set 0 ${LOADED}) ${store("(local.get 0)")}`, "(local f64)"],
    [store(`(call $same ${LOADED})`)],
    [`(global.set $g ${LOADED}) ${store("(global.get $g)")}`],
    [`(i64.store (i32.const 64) (i64.reinterpret_f64 ${LOADED}))`],
    [store(`(select ${LOADED} (f64.const 1) (i32.const 1))`)],
    [store(`(if (result f64) (i32.const 1) (then ${LOADED}) (else (f64.const 2)))`)],
    // One local for two variables: what arithmetic leaves in it must not change what is only carried.
    [`(local.set 0 ${MADE}) (local.set 0 ${LOADED}) ${store("(local.get 0)")}`, "(local f64)"],
  ];
  for (const [body, locals] of moves) assert.equal(bitsAfter(body, locals), PAYLOAD, body);
});

test("a NaN that arithmetic made is canonical wherever its bits can be seen", () => {
  const uses: [string, string?][] = [
    [store(MADE)],
    [`(local.set 0 ${MADE}) ${store("(local.get 0)")}`, "(local f64)"],
    [`(local.set 0 ${LOADED}) (local.set 0 ${MADE}) ${store("(local.get 0)")}`, "(local f64)"],
    [`(local.set 0 ${MADE}) (local.set 1 (local.get 0)) ${store("(local.get 1)")}`, "(local f64 f64)"],
    [store(`(call $same ${MADE})`)],
    [`(global.set $g ${MADE}) ${store("(global.get $g)")}`],
    [`(i64.store (i32.const 64) (i64.reinterpret_f64 ${MADE}))`],
    [store(`(select ${MADE} ${LOADED} (i32.const 1))`)],
    [store(`(if (result f64) (i32.const 1) (then ${MADE}) (else (f64.const 2)))`)],
    [store(`(f64.promote_f32 (f32.demote_f64 ${MADE}))`)],
    [store(`(f64x2.extract_lane 0 (f64x2.sqrt (f64x2.splat ${LOADED})))`)],
    [`(v128.store (i32.const 64) (f64x2.mul (f64x2.splat ${MADE}) (v128.const f64x2 1 1)))`],
    [store(`(f64.max ${MADE} (f64.const 0))`)],
  ];
  for (const [body, locals] of uses) assert.equal(bitsAfter(body, locals), CANONICAL, body);
});

test("the sign of a NaN that arithmetic made is not seen either", () => {
  assert.equal(bitsAfter(store(`(f64.copysign (f64.const 1) (f64.sub ${LOADED} ${LOADED}))`)), 0x3ff0_0000_0000_0000n);
  assert.equal(bitsAfter(`(i64.store (i32.const 64) (i64.extend_i32_u (f64.lt ${MADE} (f64.const 0))))`), 0n);
});
