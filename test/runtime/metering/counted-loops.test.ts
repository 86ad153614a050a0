import assert from "node:assert/strict";
import { test } from "node:test";
import { meterModule } from "#runtime/metering/meter-module.ts";
import { assemble } from "./assemble.ts";
import { Interpreter, TooLong } from "./interpreter.ts";
import { MeteredInstance } from "./metered-instance.ts";

const POLICY = { pagesMax: 16 };
/** More than any loop here costs that ends. */
const FUEL = 3_000_000n;

interface Loop {
  readonly before?: string;
  readonly body?: string;
  readonly end?: string;
}

/** `run(argument)` gives what the loop left in its counter and its sum. */
function moduleOf({ before = "", body = "", end = "" }: Loop): string {
  return `(module (memory 1) (func $other (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func (export "run") (param $n i32) (result i32) (local $k i32) (local $sum i32)
      ${before}
      (block $out (loop $turn
        (local.set $sum (i32.add (local.get $sum) (i32.xor (local.get $k) (i32.const 5))))
        ${body}
        ${end}))
      (i32.add (i32.mul (local.get $k) (i32.const 31)) (local.get $sum))))`;
}

const set = (value: number) => `(local.set $k (i32.const ${value}))`;
const step = (by: number) => `(local.tee $k (i32.add (local.get $k) (i32.const ${by})))`;
const until = (compare: string, by: number, bound: number) =>
  `(br_if $turn (${compare} ${step(by)} (i32.const ${bound})))`;

/** Whether the pass charges in the loop, and not only in a body that has no loop. */
function chargesInLoop(loop: Loop): boolean {
  const text = moduleOf(loop);
  const [looping, straight] = [text, text.replace("(loop $turn", "(block $turn")].map((source) =>
    count(meterModule(assemble(source), POLICY).bytes, I64_SUB),
  );
  return looping !== straight;
}

const I64_SUB = 0x7d;
function count(bytes: Uint8Array, byte: number): number {
  return bytes.reduce((sum, each) => sum + Number(each === byte), 0);
}

/** Checks value and charge against the interpreter; gives fuel charged and instructions executed. */
function compare(loop: Loop, argument = 0): { fuel: bigint; executed: number } | undefined {
  const raw = assemble(moduleOf(loop));
  const interpreter = new Interpreter(raw, () => () => undefined, 1);
  const index = interpreter.module.exports.find(({ name }) => name === "run")?.index ?? -1;
  const metered = new MeteredInstance(raw, POLICY).call("run", [argument], FUEL);
  let value: unknown;
  try {
    [value] = interpreter.call(index, [argument]);
  } catch (error) {
    if (!(error instanceof TooLong)) throw error;
    assert.ok(metered.outOfFuel, `${JSON.stringify(loop)} goes on for ever`);
    return undefined;
  }
  const what = JSON.stringify({ ...loop, argument });
  assert.equal(metered.value, value, what);
  assert.ok(metered.fuel >= interpreter.executed, `${what}: ${metered.fuel} < ${interpreter.executed}`);
  return { fuel: metered.fuel, executed: interpreter.executed };
}

const COMPARISONS: Readonly<Record<string, (counter: number, bound: number) => boolean>> = {
  "i32.ne": (counter, bound) => counter !== bound,
  "i32.lt_s": (counter, bound) => counter < bound,
  "i32.lt_u": (counter, bound) => counter >>> 0 < bound >>> 0,
  "i32.gt_s": (counter, bound) => counter > bound,
};
/** Turns after which a loop counts as endless: its fuel is used up before. */
const TURNS_MAX = 10_000;
/** Instructions of one turn: six for the sum, four for the counter, three to compare and branch. */
const TURN = 13n;
/** Instructions before and after the loop. */
const REST = 7n;

/** The counter at the end and the turns; undefined for a loop that goes on. */
function simulate(start: number, by: number, goesOn: (counter: number) => boolean) {
  let [counter, sum, turns] = [start, 0, 0];
  do {
    sum = (sum + (counter ^ 5)) | 0;
    counter = (counter + by) | 0;
    if (++turns > TURNS_MAX) return undefined;
  } while (goesOn(counter));
  return { value: (Math.imul(counter, 31) + sum) | 0, turns };
}

test("a counted loop costs exactly its turns, whatever start, step, bound and comparison", () => {
  let ended = 0;
  for (const start of [-2_147_483_648, -1, 0, 6, 99, 2_147_483_647]) {
    for (const by of [-3, -1, 0, 1, 8, 2_147_483_647]) {
      for (const bound of [-1, 0, 9, 96, 2_147_483_647]) {
        for (const [name, holds] of Object.entries(COMPARISONS)) {
          const instance = new MeteredInstance(
            assemble(moduleOf({ before: set(start), end: until(name, by, bound) })),
            POLICY,
          );
          const call = instance.call("run", [0], TURN * BigInt(TURNS_MAX));
          const expected = simulate(start, by, (counter) => holds(counter, bound));
          const what = `${start} ${by} ${name} ${bound}`;
          assert.equal(call.outOfFuel, expected === undefined, what);
          if (!expected) continue;
          ended++;
          assert.equal(call.value, expected.value, what);
          assert.equal(call.fuel, BigInt(expected.turns) * TURN + REST, what);
        }
      }
    }
  }
  assert.ok(ended > 250, `${ended} loops ended`);
});

test("a counted loop neither charges nor checks in its turns; any other does", () => {
  const end = until("i32.lt_u", 1, 64);
  assert.equal(chargesInLoop({ before: set(0), end }), false);
  assert.equal(chargesInLoop({ before: set(64), end: `(br_if $turn ${step(-1)})` }), false);
  const others: Loop[] = [
    { end },
    { before: "(local.set $k (local.get $n))", end },
    { before: `(if (local.get $n) (then ${set(0)}))`, end },
    { before: `${set(0)} (block (br_if 0 (local.get $n)) ${set(5)})`, end },
    { before: `${set(0)} (drop (local.tee $k (local.get $n)))`, end },
    { before: set(0), body: "(br_if $out (i32.gt_u (local.get $sum) (i32.const 40)))", end },
    { before: set(0), body: "(br_if $turn (i32.eq (local.get $sum) (i32.const 5)))", end },
    { before: set(0), body: "(local.set $k (i32.or (local.get $k) (local.get $n)))", end },
    { before: set(0), body: "(if (local.get $n) (then (return (i32.const 1))))", end },
    { before: set(0), body: "(local.set $sum (call $other (local.get $sum)))", end },
    {
      before: set(0),
      body: "(local.set $sum (i32.add (local.get $sum) (i32.const 1)))",
      end: `${end} (local.set $sum (i32.const 1))`,
    },
    { before: set(0), end: until("i32.lt_u", 1, 6_000) },
    {
      before: set(0),
      end: "(br_if $turn (i32.lt_u (local.tee $k (i32.add (local.get $k) (local.get $n))) (i32.const 9)))",
    },
    {
      before: set(0),
      end: "(br_if $turn (i32.lt_u (local.tee $k (i32.add (local.get $sum) (i32.const 1))) (i32.const 9)))",
    },
  ];
  for (const loop of others) {
    assert.equal(chargesInLoop(loop), true, JSON.stringify(loop));
    for (const argument of [1, 7]) compare(loop, argument);
  }
});

test("conditional work in a counted loop is charged when it is done", () => {
  const work = "(local.set $sum (i32.mul (local.get $sum) (i32.const 3)))".repeat(20);
  const loop = {
    before: set(0),
    body: `(if (i32.lt_u (local.get $k) (local.get $n)) (then ${work}))`,
    end: until("i32.ne", 1, 50),
  };
  const [none, half, all] = [0, 25, 50].map((argument) => compare(loop, argument)?.fuel ?? 0n);
  assert.ok(none !== undefined && half !== undefined && all !== undefined);
  assert.equal(half - none, all - half);
  assert.ok(half - none >= 25n * 80n);
});

test("a counted loop that the budget does not cover stops before it begins, also in a small function", () => {
  const text = `(module (memory 1) (func $small (local $k i32) ${set(0)} (loop $turn
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) ${until("i32.lt_u", 1, 5_000)}))
    (func (export "run") ${"(call $small)".repeat(1_000)}))`;
  const instance = new MeteredInstance(assemble(text), POLICY);
  const { outOfFuel, fuel } = instance.call("run", [], 200_000n);
  assert.ok(outOfFuel);
  const turns = new DataView(instance.bytes().buffer).getUint32(0, true);
  assert.ok(turns > 0 && turns % 5_000 === 0 && BigInt(turns) * 8n <= fuel, `${turns} turns`);
});

test("nested counted loops: the inner one is taken in advance, the outer one is charged and checked", () => {
  const inner = `(local.set $j (i32.const 0)) (loop $inner (local.set $sum (i32.add (local.get $sum) (local.get $j)))
    (br_if $inner (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 64))))`;
  const text = `(module (func (export "run") (param i32) (result i32) (local $k i32) (local $j i32) (local $sum i32)
    ${set(0)} (loop $turn ${inner} ${until("i32.lt_u", 1, 2_000)}) (local.get $sum)))`;
  const raw = assemble(text);
  assert.equal(count(meterModule(raw, POLICY).bytes, I64_SUB) >= 2, true);
  const interpreter = new Interpreter(raw, () => () => undefined, 1);
  const [value] = interpreter.call(0, [0]);
  const instance = new MeteredInstance(raw, POLICY);
  const whole = instance.call("run", [0], FUEL);
  assert.equal(whole.value, value);
  assert.ok(Number(whole.fuel) >= interpreter.executed && Number(whole.fuel) < interpreter.executed + 20);
  assert.ok(instance.call("run", [0], 50_000n).outOfFuel);
});
