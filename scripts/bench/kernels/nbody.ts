// Five bodies under gravity, as in the benchmarks game: floating point whose NaNs are stored, so that they must be
// canonical.
import type { Kernel } from "./kernel.ts";

const BODY_BYTES = 56;
const BODIES = [
  [0, 0, 0, 0, 0, 0, 39.47841760435743],
  [
    4.841431442464721, -1.1603200440274284, -0.10362204447112311, 0.606326392995832, 2.81198684491626,
    -0.02521836165988763, 0.03769367487038949,
  ],
  [
    8.34336671824458, 4.124798564124305, -0.4035234171143214, -1.0107743461787924, 1.8256623712304119,
    0.008415761376584154, 0.011286326131968767,
  ],
  [
    12.894369562139131, -15.111151401698631, -0.22330757889265573, 1.0827910064415354, 0.8687130181696082,
    -0.010832637401363636, 0.0017237240570597112,
  ],
  [
    15.379697114850917, -25.919314609987964, 0.17925877295037118, 0.979090732243898, 0.5946989986476762,
    -0.034755955504078104, 0.0020336868699246304,
  ],
];

const init = BODIES.flatMap((body, index) =>
  body.map((value, field) => `(f64.store (i32.const ${index * BODY_BYTES + field * 8}) (f64.const ${value}))`),
).join("\n    ");

const velocity = (body: string, sign: "add" | "sub", axis: number, delta: string, mass: string) =>
  `(f64.store offset=${24 + axis * 8} (local.get ${body})
            (f64.${sign} (f64.load offset=${24 + axis * 8} (local.get ${body}))
              (f64.mul (local.get ${delta}) (f64.mul (local.get ${mass}) (local.get $mag)))))`;

const move = (axis: number) =>
  `(f64.store offset=${axis * 8} (local.get $p)
        (f64.add (f64.load offset=${axis * 8} (local.get $p)) (f64.mul (f64.const 0.01) (f64.load offset=${24 + axis * 8} (local.get $p)))))`;

export const NBODY: Kernel = {
  name: "nbody",
  argument: 2_000,
  text: `(module
  (memory 1)
  (func $init
    ${init})
  (func $step
    (local $p i32) (local $q i32) (local $dx f64) (local $dy f64) (local $dz f64) (local $d2 f64) (local $mag f64)
    (local $pm f64) (local $qm f64)
    (loop $outer
      (local.set $q (i32.add (local.get $p) (i32.const ${BODY_BYTES})))
      (local.set $pm (f64.load offset=48 (local.get $p)))
      (if (i32.lt_u (local.get $q) (i32.const ${BODIES.length * BODY_BYTES})) (then
        (loop $inner
          (local.set $qm (f64.load offset=48 (local.get $q)))
          (local.set $dx (f64.sub (f64.load (local.get $p)) (f64.load (local.get $q))))
          (local.set $dy (f64.sub (f64.load offset=8 (local.get $p)) (f64.load offset=8 (local.get $q))))
          (local.set $dz (f64.sub (f64.load offset=16 (local.get $p)) (f64.load offset=16 (local.get $q))))
          (local.set $d2 (f64.add (f64.add (f64.mul (local.get $dx) (local.get $dx)) (f64.mul (local.get $dy) (local.get $dy)))
            (f64.mul (local.get $dz) (local.get $dz))))
          (local.set $mag (f64.div (f64.const 0.01) (f64.mul (local.get $d2) (f64.sqrt (local.get $d2)))))
          ${velocity("$p", "sub", 0, "$dx", "$qm")}
          ${velocity("$p", "sub", 1, "$dy", "$qm")}
          ${velocity("$p", "sub", 2, "$dz", "$qm")}
          ${velocity("$q", "add", 0, "$dx", "$pm")}
          ${velocity("$q", "add", 1, "$dy", "$pm")}
          ${velocity("$q", "add", 2, "$dz", "$pm")}
          (br_if $inner (i32.lt_u (local.tee $q (i32.add (local.get $q) (i32.const ${BODY_BYTES}))) (i32.const ${BODIES.length * BODY_BYTES}))))))
      ${move(0)}
      ${move(1)}
      ${move(2)}
      (br_if $outer (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const ${BODY_BYTES}))) (i32.const ${BODIES.length * BODY_BYTES})))))
  (func (export "run") (param $steps i32) (result i32)
    (call $init)
    (loop $next
      (call $step)
      (br_if $next (local.tee $steps (i32.sub (local.get $steps) (i32.const 1)))))
    (i32.load (i32.const 60))))`,
};
