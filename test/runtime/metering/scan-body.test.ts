import assert from "node:assert/strict";
import { test } from "node:test";
import { assemble } from "./assemble.ts";
import { specialInstructions } from "./instruction-corpus.ts";
import { MeteredInstance } from "./metered-instance.ts";

const SURROUNDINGS = `(type $n (func (result i32))) (type $p (func (param i32) (result i32)))
  (memory 1 4) (data (i32.const 0) "\\01\\02\\03\\04") (data $d "\\09\\08\\07")
  (table $t 4 8 funcref) (elem (i32.const 0) $seven) (elem $e func $eight $seven) (table $x 2 externref)
  (global $g (mut i32) (i32.const 5))
  (func $seven (result i32) (i32.const 7)) (func $eight (result i32) (i32.const 8))
  (func $next (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $pair (result i32 i32) (i32.const 3) (i32.const 4))`;

/** For each instruction with a rule of its own: a body that gives an i32, and the number it gives. */
const PROGRAMS: Readonly<Record<string, readonly (readonly [body: string, value: number])[]>> = {
  unreachable: [["(block $b (br $b) (unreachable)) (i32.const 1)", 1]],
  nop: [["(nop) (i32.const 2)", 2]],
  block: [
    ["(block (result i32) (i32.const 3))", 3],
    ["(block (result i32 i32) (call $pair)) (i32.sub)", -1],
  ],
  loop: [
    [
      "(local i32) (loop $l (br_if $l (i32.lt_s (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9)))) (local.get 0)",
      9,
    ],
  ],
  if: [
    ["(if (result i32) (i32.const 0) (then (i32.const 1)) (else (i32.const 2)))", 2],
    ["(local i32) (if (i32.const 1) (then (local.set 0 (i32.const 6)))) (local.get 0)", 6],
  ],
  else: [["(if (result i32) (i32.const 1) (then (i32.const 1)) (else (i32.const 2)))", 1]],
  end: [["(block) (i32.const 4)", 4]],
  br: [["(block $b (result i32) (br $b (i32.const 5)))", 5]],
  br_if: [["(block $b (result i32) (drop (br_if $b (i32.const 5) (i32.const 0))) (i32.const 6))", 6]],
  br_table: [
    [
      "(block $a (block $b (block $c (br_table $a $b $c (i32.const 1))) (return (i32.const 1))) (return (i32.const 2))) (i32.const 3)",
      2,
    ],
  ],
  return: [["(if (i32.const 1) (then (return (i32.const 7)))) (i32.const 8)", 7]],
  call: [["(call $next (call $seven))", 8]],
  call_indirect: [["(call_indirect $t (type $n) (i32.const 0))", 7]],
  return_call: [["(return_call $next (i32.const 1))", 2]],
  return_call_indirect: [["(return_call_indirect $t (type $n) (i32.const 0))", 7]],
  drop: [["(i32.const 1) (drop (f64.const 2))", 1]],
  select: [["(select (i32.const 1) (i32.const 2) (i32.const 0))", 2]],
  select_t: [["(ref.is_null (select (result funcref) (ref.null func) (ref.func $seven) (i32.const 1)))", 1]],
  "local.get": [["(local i32) (local.get 0)", 0]],
  "local.set": [["(local i32 i64) (local.set 0 (i32.const 3)) (local.set 1 (i64.const 4)) (local.get 0)", 3]],
  "local.tee": [["(local i32) (i32.add (local.tee 0 (i32.const 3)) (local.get 0))", 6]],
  "global.get": [["(global.get $g)", 5]],
  "global.set": [["(global.set $g (i32.const 6)) (global.get $g)", 6]],
  "table.get": [["(ref.is_null (table.get $t (i32.const 1)))", 1]],
  "table.set": [["(table.set $t (i32.const 2) (ref.func $eight)) (call_indirect $t (type $n) (i32.const 2))", 8]],
  "memory.size": [["(memory.size)", 1]],
  "memory.grow": [
    ["(drop (memory.grow (i32.const 2))) (memory.size)", 3],
    ["(memory.grow (i32.const 9))", -1],
  ],
  "i32.const": [["(i32.const -2147483648)", -2_147_483_648]],
  "i64.const": [["(i32.wrap_i64 (i64.const -3))", -3]],
  "f32.const": [["(i32.reinterpret_f32 (f32.const -nan:0x200001))", 0xffa0_0001 | 0]],
  "f64.const": [["(i64.eq (i64.reinterpret_f64 (f64.const nan:0x4)) (i64.const 0x7ff0000000000004))", 1]],
  "ref.null": [["(ref.is_null (ref.null extern))", 1]],
  "ref.is_null": [["(ref.is_null (ref.func $seven))", 0]],
  "ref.func": [["(table.set $t (i32.const 3) (ref.func $seven)) (call_indirect $t (type $n) (i32.const 3))", 7]],
  "memory.init": [["(memory.init $d (i32.const 9) (i32.const 1) (i32.const 2)) (i32.load (i32.const 9))", 0x0708]],
  "data.drop": [["(data.drop $d) (memory.init $d (i32.const 9) (i32.const 0) (i32.const 0)) (i32.const 1)", 1]],
  "memory.copy": [["(memory.copy (i32.const 8) (i32.const 0) (i32.const 4)) (i32.load (i32.const 8))", 0x0403_0201]],
  "memory.fill": [
    ["(memory.fill (i32.const 8) (i32.const 0x1ff) (i32.const 3)) (i32.load (i32.const 8))", 0x00ff_ffff],
  ],
  "table.init": [
    ["(table.init $t $e (i32.const 1) (i32.const 0) (i32.const 2)) (call_indirect $t (type $n) (i32.const 1))", 8],
  ],
  "elem.drop": [["(elem.drop $e) (table.init $t $e (i32.const 1) (i32.const 0) (i32.const 0)) (i32.const 1)", 1]],
  "table.copy": [
    ["(table.copy $t $t (i32.const 3) (i32.const 0) (i32.const 1)) (call_indirect $t (type $n) (i32.const 3))", 7],
  ],
  "table.grow": [
    ["(drop (table.grow $t (ref.func $eight) (i32.const 2))) (call_indirect $t (type $n) (i32.const 5))", 8],
    ["(table.grow $t (ref.null func) (i32.const 5))", -1],
    ["(table.grow $x (ref.null extern) (i32.const -16))", -1],
  ],
  "table.size": [["(table.size $t)", 4]],
  "table.fill": [
    ["(table.fill $t (i32.const 1) (ref.func $eight) (i32.const 2)) (call_indirect $t (type $n) (i32.const 2))", 8],
  ],
  "v128.const": [["(i32x4.extract_lane 2 (v128.const i32x4 1 2 3 4))", 3]],
};

test("there is a program for every instruction with a rule of its own", () => {
  assert.deepEqual(Object.keys(PROGRAMS).toSorted(), specialInstructions().toSorted());
});

for (const [name, programs] of Object.entries(PROGRAMS)) {
  test(`${name} does the same with and without the pass`, () => {
    for (const [body, value] of programs) {
      const bytes = assemble(`(module ${SURROUNDINGS} (func (export "run") (result i32) ${body}))`);
      const raw = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes))).exports;
      assert.equal((raw.run as () => number)(), value);
      const call = new MeteredInstance(bytes).call("run");
      assert.equal(call.error, undefined, body);
      assert.equal(call.value, value, body);
      assert.ok(call.fuel > 0n);
    }
  });
}

/** Bodies that give an i32, as bytes: text tools drop dead code before the pass can see it. */
const DEAD_CODE: readonly (readonly [name: string, body: readonly number[], value: number])[] = [
  ["a block after a return", [0x41, 1, 0x0f, 0x02, 0x7f, 0x03, 0x40, 0x0c, 0, 0x0b, 0x41, 2, 0x0b, 0x6a], 1],
  [
    "code after a block that never ends",
    [0x02, 0x7f, 0x02, 0x40, 0x41, 3, 0x0c, 1, 0x0b, 0x41, 9, 0x1a, 0x41, 10, 0x0b],
    3,
  ],
  ["a value of a block that never ends", [0x02, 0x7f, 0x02, 0x7f, 0x41, 5, 0x0c, 1, 0x0b, 0x1a, 0x41, 9, 0x0b], 5],
  ["operands from nowhere", [0x41, 7, 0x0f, 0x6a, 0x6a, 0x1b, 0x45], 7],
  ["a select of nothing", [0x41, 8, 0x0f, 0x1b, 0x1a, 0x41, 0], 8],
  ["arms that both leave", [0x41, 1, 0x04, 0x7f, 0x41, 4, 0x0f, 0x05, 0x41, 5, 0x0f, 0x0b], 4],
  ["a dead else", [0x41, 1, 0x04, 0x7f, 0x41, 6, 0x05, 0x00, 0x41, 5, 0x0b], 6],
  ["a branch table in dead code", [0x02, 0x7f, 0x41, 2, 0x0c, 0, 0x41, 0, 0x0e, 1, 0, 0, 0x0b], 2],
  ["a call in dead code", [0x41, 3, 0x0f, 0x10, 0], 3],
  ["a loop that never ends, after the way out", [0x02, 0x40, 0x03, 0x40, 0x0c, 1, 0x0b, 0x0b, 0x41, 9], 9],
];

for (const [name, body, value] of DEAD_CODE) {
  test(`${name} does no harm`, () => {
    const bytes = moduleOf([0, ...body, 0x0b]);
    const raw = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    assert.equal((raw.run as () => number)(), value);
    const call = new MeteredInstance(bytes).call("run");
    assert.equal(call.error, undefined);
    assert.equal(call.value, value);
  });
}

/** One function without parameters that gives an i32, exported as "run". */
function moduleOf(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: readonly number[]) => [id, content.length, ...content];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 1, 0x7f]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, 0x72, 0x75, 0x6e, 0, 0]),
    ...section(10, [1, body.length, ...body]),
  ]);
}
