// SHA-256 of 16 KiB, repeated: integer rounds in registers, with the message schedule in memory.
import type { Kernel } from "./kernel.ts";

const PRIMES = Array.from({ length: 400 }, (_, index) => index).filter(
  (n) => n > 1 && !Array.from({ length: n }, (_, d) => d).some((d) => d > 1 && d * d <= n && n % d === 0),
);
const fraction = (value: number) => Math.floor((value - Math.floor(value)) * 2 ** 32) | 0;
const ROUND_CONSTANTS = PRIMES.slice(0, 64).map((prime) => fraction(Math.cbrt(prime)));
const INITIAL = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const NAMES = [..."abcdefgh"];
const MESSAGE = 4_096;
const MESSAGE_BYTES = 16_384;

const littleEndian = (word: number) =>
  [0, 8, 16, 24].map((shift) => `\\${((word >>> shift) & 0xff).toString(16).padStart(2, "0")}`).join("");
const sigma = (value: string, first: number, second: number, third: string) =>
  `(i32.xor (i32.xor (i32.rotr ${value} (i32.const ${first})) (i32.rotr ${value} (i32.const ${second}))) ${third})`;
const get = (name: string) => `(local.get $${name})`;
const word = (back: number) => `(i32.load (i32.sub (local.get $w) (i32.const ${back * 4})))`;

export const SHA256: Kernel = {
  name: "sha256",
  argument: 6,
  text: `(module
  (memory 1)
  (data (i32.const 0) "${ROUND_CONSTANTS.map(littleEndian).join("")}")
  (data (i32.const 512) "${INITIAL.map(littleEndian).join("")}")
  (func $swap (param $x i32) (result i32)
    (i32.or (i32.and (i32.rotl (local.get $x) (i32.const 8)) (i32.const 0xff00ff))
      (i32.and (i32.rotr (local.get $x) (i32.const 8)) (i32.const 0xff00ff00))))
  (func $block (param $at i32) (local $w i32) (local $k i32) (local $x i32) (local $y i32) (local $t i32) (local $u i32)
    ${NAMES.map((name) => `(local $${name} i32)`).join(" ")}
    (local.set $w (i32.const 1024))
    (loop $read
      (i32.store (local.get $w) (call $swap (i32.load (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $read (i32.lt_u (local.tee $w (i32.add (local.get $w) (i32.const 4))) (i32.const 1088))))
    (loop $extend
      (local.set $x ${word(15)})
      (local.set $y ${word(2)})
      (i32.store (local.get $w) (i32.add (i32.add ${word(16)} ${word(7)})
        (i32.add ${sigma(get("x"), 7, 18, `(i32.shr_u ${get("x")} (i32.const 3))`)} ${sigma(get("y"), 17, 19, `(i32.shr_u ${get("y")} (i32.const 10))`)})))
      (br_if $extend (i32.lt_u (local.tee $w (i32.add (local.get $w) (i32.const 4))) (i32.const 1280))))
    ${NAMES.map((name, index) => `(local.set $${name} (i32.load (i32.const ${512 + index * 4})))`).join("\n    ")}
    (loop $round
      (local.set $t (i32.add (i32.add (i32.add ${get("h")} ${sigma(get("e"), 6, 11, `(i32.rotr ${get("e")} (i32.const 25))`)})
        (i32.xor ${get("g")} (i32.and ${get("e")} (i32.xor ${get("f")} ${get("g")}))))
        (i32.add (i32.load (local.get $k)) (i32.load offset=1024 (local.get $k)))))
      (local.set $u (i32.add ${sigma(get("a"), 2, 13, `(i32.rotr ${get("a")} (i32.const 22))`)}
        (i32.or (i32.and ${get("a")} ${get("b")}) (i32.and ${get("c")} (i32.or ${get("a")} ${get("b")})))))
      (local.set $h ${get("g")}) (local.set $g ${get("f")}) (local.set $f ${get("e")})
      (local.set $e (i32.add ${get("d")} ${get("t")}))
      (local.set $d ${get("c")}) (local.set $c ${get("b")}) (local.set $b ${get("a")})
      (local.set $a (i32.add ${get("t")} ${get("u")}))
      (br_if $round (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 4))) (i32.const 256))))
    ${NAMES.map((name, index) => `(i32.store (i32.const ${512 + index * 4}) (i32.add (i32.load (i32.const ${512 + index * 4})) ${get(name)}))`).join("\n    ")})
  (func (export "run") (param $rounds i32) (result i32) (local $at i32)
    (loop $again
      (local.set $at (i32.const ${MESSAGE}))
      (loop $next
        (call $block (local.get $at))
        (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (i32.const ${MESSAGE + MESSAGE_BYTES}))))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.load (i32.const 512))))`,
};
