// Product of two 64 x 64 matrices of f64, repeated: a tight inner loop with two loads.
import type { Kernel } from "./kernel.ts";

export const MATMUL: Kernel = {
  name: "matmul",
  argument: 6,
  text: `(module
  (memory 2)
  (func $fill (local $i i32)
    (loop $next
      (f64.store (i32.shl (local.get $i) (i32.const 3))
        (f64.convert_i32_s (i32.rem_s (i32.mul (local.get $i) (i32.const 37)) (i32.const 101))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8192)))))
  (func (export "run") (param $rounds i32) (result i32)
    (local $i i32) (local $j i32) (local $k i32) (local $sum f64) (local $a i32) (local $b i32)
    (call $fill)
    (loop $round
      (local.set $i (i32.const 0))
      (loop $row
        (local.set $j (i32.const 0))
        (loop $column
          (local.set $sum (f64.const 0))
          (local.set $k (i32.const 0))
          (local.set $a (i32.shl (local.get $i) (i32.const 9)))
          (local.set $b (i32.add (i32.const 32768) (i32.shl (local.get $j) (i32.const 3))))
          (loop $inner
            (local.set $sum (f64.add (local.get $sum)
              (f64.mul (f64.load (local.get $a)) (f64.load (local.get $b)))))
            (local.set $a (i32.add (local.get $a) (i32.const 8)))
            (local.set $b (i32.add (local.get $b) (i32.const 512)))
            (br_if $inner (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 64))))
          (f64.store
            (i32.add (i32.const 65536) (i32.shl (i32.add (i32.shl (local.get $i) (i32.const 6)) (local.get $j)) (i32.const 3)))
            (local.get $sum))
          (br_if $column (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 64))))
        (br_if $row (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.load (i32.const 70000))))`,
};
