// Quicksort of 8,192 pseudo-random words with insertion sort below 16: recursion, data-dependent branches.
import type { Kernel } from "./kernel.ts";

export const SORT: Kernel = {
  name: "sort",
  argument: 1,
  text: `(module
  (memory 1)
  (func $fill (param $seed i32) (local $i i32)
    (loop $next
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
      (i32.store (local.get $i) (local.get $seed))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 32768)))))
  (func $insertion (param $low i32) (param $high i32) (local $i i32) (local $j i32) (local $value i32) (local $other i32)
    (local.set $i (i32.add (local.get $low) (i32.const 4)))
    (block $done
      (loop $next
        (br_if $done (i32.gt_u (local.get $i) (local.get $high)))
        (local.set $value (i32.load (local.get $i)))
        (local.set $j (local.get $i))
        (block $placed
          (loop $shift
            (br_if $placed (i32.le_u (local.get $j) (local.get $low)))
            (local.set $other (i32.load (i32.sub (local.get $j) (i32.const 4))))
            (br_if $placed (i32.le_s (local.get $other) (local.get $value)))
            (i32.store (local.get $j) (local.get $other))
            (local.set $j (i32.sub (local.get $j) (i32.const 4)))
            (br $shift)))
        (i32.store (local.get $j) (local.get $value))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br $next))))
  (func $sort (param $low i32) (param $high i32) (local $i i32) (local $j i32) (local $pivot i32) (local $a i32) (local $b i32)
    (if (i32.lt_s (i32.sub (local.get $high) (local.get $low)) (i32.const 64)) (then
      (call $insertion (local.get $low) (local.get $high))
      (return)))
    (local.set $pivot (i32.load (i32.and (i32.shr_u (i32.add (local.get $low) (local.get $high)) (i32.const 1)) (i32.const -4))))
    (local.set $i (local.get $low))
    (local.set $j (local.get $high))
    (loop $partition
      (loop $left
        (if (i32.lt_s (local.tee $a (i32.load (local.get $i))) (local.get $pivot)) (then
          (local.set $i (i32.add (local.get $i) (i32.const 4)))
          (br $left))))
      (loop $right
        (if (i32.gt_s (local.tee $b (i32.load (local.get $j))) (local.get $pivot)) (then
          (local.set $j (i32.sub (local.get $j) (i32.const 4)))
          (br $right))))
      (if (i32.le_s (local.get $i) (local.get $j)) (then
        (i32.store (local.get $i) (local.get $b))
        (i32.store (local.get $j) (local.get $a))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (local.set $j (i32.sub (local.get $j) (i32.const 4)))))
      (br_if $partition (i32.le_s (local.get $i) (local.get $j))))
    (if (i32.lt_s (local.get $low) (local.get $j)) (then (call $sort (local.get $low) (local.get $j))))
    (if (i32.lt_s (local.get $i) (local.get $high)) (then (call $sort (local.get $i) (local.get $high)))))
  (func (export "run") (param $rounds i32) (result i32)
    (loop $round
      (call $fill (local.get $rounds))
      (call $sort (i32.const 0) (i32.const 32764))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.load (i32.const 16384))))`,
};
