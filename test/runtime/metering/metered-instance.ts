// Test instrument: runs a metered module without a host around it.
import { fuelLeft, isTooDeep, packBudget } from "#runtime/metering/budget.ts";
import { type MeteredModule, type MeteringPolicy, meterModule } from "#runtime/metering/meter-module.ts";
import { ABI } from "#runtime/metering/module-abi.ts";

type Function = (...args: unknown[]) => unknown;

export interface MeteredCall {
  readonly value: unknown;
  readonly error: Error | undefined;
  readonly fuel: bigint;
  readonly outOfFuel: boolean;
  readonly tooDeep: boolean;
}

export class MeteredInstance {
  readonly metered: MeteredModule;
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory | undefined;

  constructor(wasm: Uint8Array, policy: MeteringPolicy = {}, imports: WebAssembly.Imports = {}) {
    this.metered = meterModule(wasm, policy);
    const { memory } = this.metered.meta;
    this.memory = memory && new WebAssembly.Memory({ initial: memory.min });
    const all = this.memory && memory ? { ...imports, [memory.module]: { [memory.name]: this.memory } } : imports;
    this.exports = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(this.metered.bytes)), all).exports;
  }

  get budget(): WebAssembly.Global<"i64"> {
    return this.exports[ABI.budget] as WebAssembly.Global<"i64">;
  }

  call(name: string, args: unknown[] = [], fuel = 1_000_000n): MeteredCall {
    this.budget.value = packBudget(fuel);
    let value: unknown;
    let error: Error | undefined;
    try {
      value = (this.exports[name] as Function)(...args);
    } catch (thrown) {
      error = thrown as Error;
    }
    const left = fuelLeft(this.budget.value);
    return { value, error, fuel: fuel - left, outOfFuel: left < 0n, tooDeep: isTooDeep(this.budget.value) };
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.memory?.buffer ?? new ArrayBuffer(0));
  }
}
