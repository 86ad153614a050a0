// The prices of all instructions and of the benchmark's kernels as the pass charges them now.
import { join } from "node:path";
import { FUEL, NAMES } from "#runtime/metering/instructions.ts";
import { METERING_VERSION } from "#runtime/metering/meter-module.ts";
import { assemble } from "#scripts/bench/kernels/kernel.ts";
import { KERNELS } from "#scripts/bench/kernels/kernels.ts";
import { MeteredInstance } from "./metered-instance.ts";

export const GOLDEN_PATH = join(import.meta.dirname, "golden-fuel.json");

export interface GoldenFuel {
  readonly meteringVersion: number;
  readonly instructions: Record<string, number>;
  /** Fuel of `run(argument)` of each kernel. */
  readonly programs: Record<string, string>;
}

/** @throws what a kernel that fails throws */
export function measureFuel(): GoldenFuel {
  const instructions: Record<string, number> = {};
  for (const [opcode, name] of NAMES.entries()) if (name) instructions[name] = FUEL[opcode] as number;
  const programs: Record<string, string> = {};
  for (const { name, text, argument } of KERNELS) {
    const instance = new MeteredInstance(assemble(text), { pagesMax: 32 });
    const { fuel, error } = instance.call("run", [argument], 1n << 40n);
    if (error) throw error;
    programs[name] = String(fuel);
  }
  return { meteringVersion: METERING_VERSION, instructions, programs };
}
