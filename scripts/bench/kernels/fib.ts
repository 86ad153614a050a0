// Recursive Fibonacci: nothing but calls.
import type { Kernel } from "./kernel.ts";

export const FIB: Kernel = {
  name: "fib",
  argument: 22,
  text: `(module
  (func $fib (export "run") (param $n i32) (result i32)
    (if (i32.lt_s (local.get $n) (i32.const 2)) (then (return (local.get $n))))
    (i32.add
      (call $fib (i32.sub (local.get $n) (i32.const 1)))
      (call $fib (i32.sub (local.get $n) (i32.const 2))))))`,
};
