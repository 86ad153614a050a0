import assert from "node:assert/strict";
import { test } from "node:test";
import { meterModule } from "#runtime/metering/meter-module.ts";
import { assemble } from "./assemble.ts";
import { Fuzzer } from "./fuzz-modules.ts";
import { traceMetered } from "./fuzz-run.ts";
import { Interpreter, TooLong } from "./interpreter.ts";
import { Trap, type Value } from "./interpreter-operations.ts";
import { MeteredInstance } from "./metered-instance.ts";

const FUZZED_MODULES = 40;
const POLICY = { pagesMax: 16 };
const I64 = 0x7e;

test("what is charged is at least what an independent interpreter executes, and the results are equal", async () => {
  using fuzzer = await Fuzzer.load();
  let compared = 0;
  for (let seed = 0; seed < FUZZED_MODULES; seed++) {
    const raw = fuzzer.make(seed, 200 + ((seed * 977) % 6_000), true, "scalar");
    compared += compareCharges(raw, seed);
  }
  assert.ok(compared > 70, `${compared} calls compared`);
});

function compareCharges(raw: Uint8Array, seed: number): number {
  const metered = meterModule(raw, POLICY);
  // The interpreter cannot be entered again from outside.
  if (metered.meta.imports.some(({ name }) => !name.startsWith("log"))) return 0;
  const trace = traceMetered(metered);
  if (trace.limited || trace.lines[0]?.startsWith("start")) return 0;
  const interpreter = new Interpreter(raw, () => () => undefined, 1);
  const { module } = interpreter;
  if (module.start !== undefined) interpreter.call(module.start, []);
  const results = trace.lines.filter((line) => /^\S+: /.test(line));
  let compared = 0;
  for (const [place, { name, index }] of module.exports.filter(({ kind }) => kind === 0).entries()) {
    const type = metered.meta.functionTypes.get(name);
    const before = interpreter.executed;
    const shown = interpret(
      interpreter,
      index,
      (type?.params ?? []).map((param) => (param === I64 ? 0n : 0)),
    );
    if (shown === undefined) return compared;
    assert.equal(results[place], `${name}: ${shown}`, `seed ${seed}`);
    if (shown === "!RuntimeError") continue;
    const executed = interpreter.executed - before;
    assert.ok(Number(trace.fuel[place]) >= executed, `seed ${seed} ${name}: ${trace.fuel[place]} < ${executed}`);
    compared++;
  }
  return compared;
}

function interpret(interpreter: Interpreter, index: number, args: Value[]): string | undefined {
  try {
    const values = interpreter.call(index, args).map((value) => (Object.is(value, -0) ? "-0" : String(value)));
    return values.join() || "undefined";
  } catch (error) {
    if (error instanceof TooLong) return undefined;
    if (error instanceof Trap) return "!RuntimeError";
    throw error;
  }
}

test("a branch that is not taken costs at most the small segments that are merged into its dominator", () => {
  const big = "(local.set 0 (i32.mul (local.get 0) (i32.const 3)))".repeat(50);
  const text = `(module (func (export "run") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then ${big} (local.set 0 (i32.const 1)))) (local.get 0)))`;
  const instance = new MeteredInstance(assemble(text));
  const skipped = instance.call("run", [1]).fuel;
  const taken = instance.call("run", [0]).fuel;
  assert.ok(skipped < 10n, `${skipped}`);
  assert.ok(taken >= skipped + 200n, `${taken}`);
});

test("the arms of a switch are not charged with its dispatch", () => {
  const arms = Array.from({ length: 100 }, (_, arm) => arm);
  const text = `(module (func (export "run") (param i32) (result i32) (local i32)
    ${arms.map(() => "(block").join(" ")}
    (br_table ${arms.join(" ")} (local.get 0))
    ${arms.map((arm) => `) (local.set 1 (i32.add (local.get 1) (i32.const ${arm})))`).join(" ")}
    (local.get 1)))`;
  const instance = new MeteredInstance(assemble(text));
  const all = instance.call("run", [0]);
  const last = instance.call("run", [99]);
  assert.ok(last.fuel < 20n, `${last.fuel}`);
  assert.ok(all.fuel >= 400n, `${all.fuel}`);
});

test("every turn of a loop is charged, whatever leaves it", () => {
  const text = `(module (func (export "run") (param i32) (result i32) (local i32)
    (block $out (loop $next
      (br_if $out (i32.ge_u (local.get 1) (local.get 0)))
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (br $next)))
    (local.get 1)))`;
  const instance = new MeteredInstance(assemble(text));
  const ten = instance.call("run", [10]).fuel;
  const hundred = instance.call("run", [100]).fuel;
  assert.equal((hundred - ten) % 90n, 0n);
  assert.ok((hundred - ten) / 90n >= 9n);
});
