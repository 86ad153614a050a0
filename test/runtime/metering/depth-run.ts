// Test instrument: a process of its own with the executors' stack, in which programs recurse without end.
import { assemble } from "./assemble.ts";
import { MeteredInstance } from "./metered-instance.ts";

const list = (count: number, of: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => of(index)).join(" ");

/** `count` values of a type that all live across a recursive call. */
const wide = (count: number, type: string, size: number) => `(module (memory 1)
  (func $f (export "f") (param i32) (local ${list(count, () => type)})
    ${list(count, (index) => `(local.set ${index + 1} (${type}.load offset=${index * size} (local.get 0)))`)}
    (call $f (local.get 0))
    ${list(count, (index) => `(${type}.store offset=${index * size} (local.get 0) (local.get ${index + 1}))`)}))`;

const PROGRAMS = [
  '(module (func $f (export "f") (param i32) (result i32) (i32.add (i32.const 1) (call $f (local.get 0)))))',
  '(module (global $g (mut i32) (i32.const 0)) (func $f (export "f") (call $f) (global.set $g (i32.const 1))))',
  `(module (memory 1) (func $f (export "f") (param i32) (call $g (local.get 0)) (i32.store (i32.const 0) (local.get 0)))
    (func $g (param i32) (call $h (local.get 0)) (i32.store (i32.const 4) (local.get 0)))
    (func $h (param i32) (call $f (local.get 0)) (i32.store (i32.const 8) (local.get 0))))`,
  `(module (type $t (func (param i32))) (memory 1) (table 1 funcref) (elem (i32.const 0) $f)
    (func $f (export "f") (param i32) (call_indirect (type $t) (local.get 0) (i32.const 0)) (i32.store (i32.const 0) (local.get 0))))`,
  `(module (memory 1) (func $f (export "f") (param ${list(30, () => "i64")}) (call $f ${list(30, (index) => `(local.get ${index})`)})
    (i64.store (i32.const 0) (local.get 3))))`,
  wide(50, "i64", 8),
  wide(50, "f64", 8),
  wide(50, "v128", 16),
];

for (const text of PROGRAMS) {
  const instance = new MeteredInstance(assemble(text));
  const { length } = instance.exports.f as unknown as { length: number };
  const args = length === 30 ? new Array<bigint>(30).fill(1n) : [0];
  const ends = new Set<string>();
  // Again and again, so that the optimising compiler has its turn.
  for (let round = 0; round < 3; round++) {
    const { error, tooDeep } = instance.call("f", args, 1n << 40n);
    ends.add(tooDeep && error instanceof WebAssembly.RuntimeError ? "too-deep" : String(error));
  }
  process.stdout.write(`${[...ends].join("/")} `);
}
