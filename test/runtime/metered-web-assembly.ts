// A test instrument: while `work` runs, every module that a package's own loader instantiates goes through the metering
// pass, so that programs nobody here wrote run metered without a change.
import { FUEL_MAX, fuelLeft } from "#runtime/metering/budget.ts";
import { type MeteredModule, meterModule } from "#runtime/metering/meter-module.ts";
import { ABI } from "#runtime/metering/module-abi.ts";

type Imports = Record<string, Record<string, unknown>>;
interface Loader {
  instantiate: unknown;
}

const MEMORY_PAGES_MAX = 16_384;

/** The result of `work`, and what everything that it instantiated has charged so far, in fuel. */
export async function withMetering<T>(work: () => Promise<T>): Promise<{ result: T; fuel: () => bigint }> {
  const loader = WebAssembly as unknown as Loader;
  const original = loader.instantiate;
  const budgets: WebAssembly.Global<"i64">[] = [];
  loader.instantiate = async (bytes: Uint8Array, imports: Imports) => {
    const metered = meterModule(new Uint8Array(bytes));
    const module = new WebAssembly.Module(metered.bytes as Uint8Array<ArrayBuffer>);
    const memory = ownMemory(metered);
    const surroundings = memory ? { ...imports, [ABI.module]: { [ABI.memory]: memory } } : imports;
    const { exports } = new WebAssembly.Instance(module, surroundings);
    budgets.push(exports[ABI.budget] as WebAssembly.Global<"i64">);
    const start = exports[ABI.start];
    if (typeof start === "function") start();
    return { module, instance: { exports: { ...exports } } };
  };
  try {
    const result = await work();
    return { result, fuel: () => budgets.reduce((sum, { value }) => sum + FUEL_MAX - fuelLeft(value), 0n) };
  } finally {
    loader.instantiate = original;
  }
}

/** The memory that the module would have made itself. */
function ownMemory({ meta }: MeteredModule): WebAssembly.Memory | undefined {
  if (meta.memory?.module !== ABI.module) return undefined;
  return new WebAssembly.Memory({ initial: meta.memory.min, maximum: meta.memory.max ?? MEMORY_PAGES_MAX });
}
