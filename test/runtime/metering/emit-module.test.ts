import assert from "node:assert/strict";
import { test } from "node:test";
import { MAKES_NAN, NAMES, SHAPE } from "#runtime/metering/instructions.ts";
import { meterModule } from "#runtime/metering/meter-module.ts";
import { Fuzzer } from "./fuzz-modules.ts";
import { traceMetered, traceRaw } from "./fuzz-run.ts";
import { instructionCorpus, RESULT_ADDRESS } from "./instruction-corpus.ts";
import { MeteredInstance } from "./metered-instance.ts";

const FUZZED_MODULES = 30;

test("every plain instruction computes the same bits with and without the pass, up to the choice of a NaN", () => {
  let cases = 0;
  for (const { name, bytes, cases: count } of instructionCorpus()) {
    const raw = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes))).exports;
    const metered = new MeteredInstance(bytes);
    const shape = MAKES_NAN[NAMES.indexOf(name)] as number;
    for (let index = 0; index < count; index++) {
      const expected = attempt(() => (raw[index] as () => void)());
      const { error } = metered.call(String(index));
      assert.equal(error?.message, expected, `${name} ${index}`);
      const left = canonical(new Uint8Array((raw.memory as WebAssembly.Memory).buffer), shape);
      assert.deepEqual(metered.bytes().slice(0, 96), left, `${name} ${index}`);
      cases++;
    }
  }
  assert.ok(cases > 5_000);
});

test("fuzzed modules behave the same with and without the pass", async () => {
  using fuzzer = await Fuzzer.load();
  let compared = 0;
  for (let seed = 0; seed < FUZZED_MODULES; seed++) {
    const raw = fuzzer.make(seed, 200 + ((seed * 977) % 6_000), true);
    const metered = meterModule(raw);
    const trace = traceMetered(metered);
    if (trace.limited) continue;
    const expected = traceRaw(raw, metered);
    assert.deepEqual(trace.lines, expected.lines, `seed ${seed}`);
    compared += trace.lines.length;
  }
  assert.ok(compared > 500);
});

function attempt(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The first bytes of a raw module's memory with its result's NaNs made canonical. */
function canonical(memory: Uint8Array, shape: number): Uint8Array {
  const bytes = memory.slice(0, 96);
  const view = new DataView(bytes.buffer);
  const wide = shape === SHAPE.f64 || shape === SHAPE.f64x2;
  const lanes = shape === SHAPE.none ? 0 : shape === SHAPE.f32x4 ? 4 : shape === SHAPE.f64x2 ? 2 : 1;
  for (let lane = 0; lane < lanes; lane++) {
    const at = RESULT_ADDRESS + lane * (wide ? 8 : 4);
    if (wide && Number.isNaN(view.getFloat64(at, true))) view.setBigUint64(at, 0x7ff8_0000_0000_0000n, true);
    if (!wide && Number.isNaN(view.getFloat32(at, true))) view.setUint32(at, 0x7fc0_0000, true);
  }
  return bytes;
}
