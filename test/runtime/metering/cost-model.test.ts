import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FUEL, NAMES } from "#runtime/metering/instructions.ts";
import { METERING_VERSION } from "#runtime/metering/meter-module.ts";
import { assemble } from "#scripts/bench/kernels/kernel.ts";
import { KERNELS } from "#scripts/bench/kernels/kernels.ts";
import { MeteredInstance } from "./metered-instance.ts";

interface GoldenFuel {
  readonly meteringVersion: number;
  readonly instructions: Record<string, number>;
  /** Fuel of `run(argument)` of each kernel. */
  readonly programs: Record<string, string>;
}

const GOLDEN = JSON.parse(readFileSync(join(import.meta.dirname, "golden-fuel.json"), "utf8")) as GoldenFuel;

test("no price changes without a new metering version", () => {
  const instructions: Record<string, number> = {};
  for (const [opcode, name] of NAMES.entries()) if (name) instructions[name] = FUEL[opcode] as number;
  const programs: Record<string, string> = {};
  for (const { name, text, argument } of KERNELS) {
    const instance = new MeteredInstance(assemble(text), { pagesMax: 32 });
    const { fuel, error } = instance.call("run", [argument], 1n << 40n);
    assert.equal(error, undefined);
    programs[name] = String(fuel);
  }
  const actual: GoldenFuel = { meteringVersion: METERING_VERSION, instructions, programs };
  assert.deepEqual(
    actual,
    GOLDEN,
    `Fuel differs from golden-fuel.json. If that is meant, raise METERING_VERSION and write the file anew:\n${JSON.stringify(actual)}`,
  );
});
