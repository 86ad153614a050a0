// Parses a JSON text of about 24 KiB by recursive descent into an arena of strings and numbers: byte loads and stores, a
// branch table, calls.
import type { Kernel } from "./kernel.ts";

const DOCUMENT = JSON.stringify(
  Array.from({ length: 300 }, (_, index) => ({
    id: index,
    name: `user ${index}`,
    tags: ["alpha", "beta", index % 7],
    active: index % 2 === 0,
    score: index * 1.25,
    nothing: null,
  })),
);
const TEXT = 1_024;
const escaped = [...Buffer.from(DOCUMENT)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
const byte = (offset: number) => `(i32.load8_u offset=${offset} (local.get $p))`;
const step = (count: number) => `(local.set $p (i32.add (local.get $p) (i32.const ${count})))`;

/** Branches by a value's first byte, from "[" to "{". */
const FIRST = 91;
const TARGETS: Readonly<Record<string, string>> = {
  "[": "$array",
  f: "$literal5",
  n: "$literal4",
  t: "$literal4",
  "{": "$object",
};
const branches = Array.from(
  { length: 33 },
  (_, index) => TARGETS[String.fromCharCode(FIRST + index)] ?? "$number",
).join(" ");

export const JSON_CHECK: Kernel = {
  name: "json",
  argument: 4,
  text: `(module
  (memory 2)
  (global $arena (mut i32) (i32.const 0))
  (global $values (mut i32) (i32.const 0))
  (data (i32.const ${TEXT}) "${escaped}")
  (func $string (param $p i32) (result i32) (local $c i32) (local $out i32)
    (local.set $out (global.get $arena))
    (loop $next
      ${step(1)}
      (local.set $c ${byte(0)})
      (if (i32.eq (local.get $c) (i32.const 92)) (then ${step(1)} (local.set $c ${byte(0)})))
      (i32.store8 (local.get $out) (local.get $c))
      (local.set $out (i32.add (local.get $out) (i32.const 1)))
      (br_if $next (i32.and (i32.ne (local.get $c) (i32.const 34)) (i32.gt_u (local.get $c) (i32.const 31)))))
    (i32.store (i32.and (i32.add (local.get $out) (i32.const 3)) (i32.const -4)) (i32.sub (local.get $out) (global.get $arena)))
    (global.set $arena (i32.and (i32.add (local.get $out) (i32.const 7)) (i32.const -4)))
    (i32.add (local.get $p) (i32.const 1)))
  (func $number (param $p i32) (result i32) (local $c i32) (local $digits i32) (local $scale i32) (local $sum i32)
    (loop $next
      (local.set $c (i32.sub ${byte(0)} (i32.const 48)))
      (if (i32.lt_u (local.get $c) (i32.const 10)) (then
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 10)) (local.get $c)))
        (local.set $scale (i32.add (local.get $scale) (local.get $digits)))
        ${step(1)} (br $next)))
      (if (i32.eq (local.get $c) (i32.const -2)) (then (local.set $digits (i32.const 1)) ${step(1)} (br $next)))
      (if (i32.eq (local.get $c) (i32.const -3)) (then ${step(1)} (br $next))))
    (i32.store (global.get $arena) (local.get $sum))
    (i32.store (i32.add (global.get $arena) (i32.const 4)) (local.get $scale))
    (global.set $arena (i32.add (global.get $arena) (i32.const 8)))
    (local.get $p))
  (func $space (param $p i32) (result i32)
    (loop $next
      (if (i32.le_u ${byte(0)} (i32.const 32)) (then
        (if ${byte(0)} (then ${step(1)} (br $next))))))
    (local.get $p))
  (func $list (param $p i32) (param $close i32) (param $keyed i32) (result i32)
    (local.set $p (call $space (i32.add (local.get $p) (i32.const 1))))
    (if (i32.eq ${byte(0)} (local.get $close)) (then (return (i32.add (local.get $p) (i32.const 1)))))
    (loop $next
      (if (local.get $keyed) (then
        (if (i32.ne ${byte(0)} (i32.const 34)) (then unreachable))
        (local.set $p (call $space (call $string (local.get $p))))
        (if (i32.ne ${byte(0)} (i32.const 58)) (then unreachable))
        ${step(1)}))
      (local.set $p (call $space (call $value (call $space (local.get $p)))))
      (if (i32.eq ${byte(0)} (i32.const 44)) (then
        (local.set $p (call $space (i32.add (local.get $p) (i32.const 1))))
        (br $next))))
    (if (i32.ne ${byte(0)} (local.get $close)) (then unreachable))
    (i32.add (local.get $p) (i32.const 1)))
  (func $value (param $p i32) (result i32)
    (global.set $values (i32.add (global.get $values) (i32.const 1)))
    (block $literal4 (block $literal5 (block $number (block $string (block $array (block $object
      (br_if $string (i32.eq ${byte(0)} (i32.const 34)))
      (br_table ${branches} $number (i32.sub ${byte(0)} (i32.const ${FIRST}))))
      (return (call $list (local.get $p) (i32.const 125) (i32.const 1))))
      (return (call $list (local.get $p) (i32.const 93) (i32.const 0))))
      (return (call $string (local.get $p))))
      (return (call $number (local.get $p))))
      (return (i32.add (local.get $p) (i32.const 5))))
    (i32.add (local.get $p) (i32.const 4)))
  (func (export "run") (param $rounds i32) (result i32)
    (loop $again
      (global.set $arena (i32.const 65536))
      (drop (call $value (i32.const ${TEXT})))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (global.get $values)))`,
};
