// One instance of a metered module with a lent memory: runs it under limits, names how it ended, and brings it back to
// a snapshot afterwards.
import { LIMITS } from "#protocol/limits.ts";
import { PAGE_BYTES } from "#protocol/units.ts";
import { fuelLeft, isTooDeep, packBudget } from "../metering/budget.ts";
import type { ModuleMeta } from "../metering/meter-module.ts";
import { ABI } from "../metering/module-abi.ts";
import type { CompiledModule } from "./compile-module.ts";
import { GuestAbort, GuestExit, hostFault } from "./guest-signals.ts";
import { HostCall } from "./host-call.ts";
import { type HostModule, HostSurroundings } from "./host-surroundings.ts";
import type { MemoryPool } from "./memory-pool.ts";
import { liveParts, restoreParts, type Snapshot } from "./snapshot.ts";

export interface RunLimits {
  readonly fuel: bigint;
  readonly memoryPages: number;
}

/** How a run ended, before its response is looked at. Fuel is what is billed. */
export type RunEnd =
  | { readonly kind: "returned"; readonly fuel: bigint }
  | { readonly kind: "exited"; readonly fuel: bigint; readonly code: number }
  | { readonly kind: "guest-abort"; readonly fuel: bigint; readonly reason: string }
  | { readonly kind: "out-of-fuel" | "too-deep" | "trap"; readonly fuel: bigint };

export class ModuleInstance {
  readonly surroundings: HostSurroundings;
  readonly exports: WebAssembly.Exports;
  readonly #meta: ModuleMeta;
  readonly #memory: WebAssembly.Memory;
  readonly #pool: MemoryPool;
  readonly #budget: WebAssembly.Global<"i64">;
  readonly #pages: WebAssembly.Global<"i32">;
  readonly #fault: WebAssembly.Global<"i32">;
  readonly #globals: readonly WebAssembly.Global[];
  readonly #tables: readonly WebAssembly.Table[];

  /** Links the module; its start function is left to `start`. @throws `host-fault`, or the trap of a segment out of bounds */
  constructor({ module, metered }: CompiledModule, host: HostModule, pool: MemoryPool) {
    const { meta } = metered;
    this.#meta = meta;
    this.#pool = pool;
    this.#memory = pool.take(meta.memory?.min ?? 0, memoryLimit(meta));
    this.surroundings = new HostSurroundings(this.#memory, HostCall.atLoad());
    const imports = host(this.surroundings);
    if (meta.memory) {
      imports[meta.memory.module] = { ...imports[meta.memory.module], [meta.memory.name]: this.#memory };
    }
    this.exports = new WebAssembly.Instance(module, imports).exports;
    this.#budget = this.exports[ABI.budget] as WebAssembly.Global<"i64">;
    this.#pages = this.exports[ABI.pages] as WebAssembly.Global<"i32">;
    this.#fault = this.exports[ABI.fault] as WebAssembly.Global<"i32">;
    this.surroundings.setCharge(this.exports[ABI.charge] as (fuel: number) => void);
    this.#globals = meta.globals.map(({ exportName }) => this.exports[exportName] as WebAssembly.Global);
    this.#tables = meta.changesTables
      ? meta.tables.map(({ exportName }) => this.exports[exportName] as WebAssembly.Table)
      : [];
  }

  /** Pages of the memory now; it never shrinks, so after a run also the most it had. */
  get memoryPages(): number {
    return this.#memory.buffer.byteLength / PAGE_BYTES;
  }

  /** All of the memory, for digests in tests. */
  memoryBytes(): Uint8Array {
    return this.surroundings.bytes();
  }

  /** Runs `work`, which calls into the module, and names how it ended. @throws `host-fault` */
  run(limits: RunLimits, call: HostCall, work: () => void): RunEnd {
    this.#budget.value = packBudget(limits.fuel);
    this.#pages.value = Math.min(limits.memoryPages, this.#meta.pagesMax);
    this.surroundings.call = call;
    let end: RunEnd | undefined;
    try {
      work();
    } catch (error) {
      end = this.#endOf(error, limits.fuel);
    }
    if (this.#fault.value !== 0) throw hostFault("memory or a table could not grow");
    const left = fuelLeft(this.#budget.value);
    if (left < 0n) return { kind: "out-of-fuel", fuel: limits.fuel };
    return end ?? { kind: "returned", fuel: limits.fuel - left };
  }

  snapshot(): Snapshot {
    const memory = this.surroundings.bytes();
    return {
      memoryBytes: memory.length,
      parts: liveParts(memory),
      globals: this.#globals.map(({ value }) => value),
      tables: this.#tables.map((table) => Array.from({ length: table.length }, (_, index) => table.get(index))),
    };
  }

  /** Brings the state back. False where this instance cannot take it and must be released. */
  restore(snapshot: Snapshot): boolean {
    const missing = snapshot.memoryBytes - this.#memory.buffer.byteLength;
    if (missing < 0 || !this.#restoreTables(snapshot.tables)) return false;
    if (missing > 0) this.#memory.grow(missing / PAGE_BYTES);
    const memory = this.surroundings.bytes();
    restoreParts(memory, snapshot.parts, memory.length);
    for (let index = 0; index < this.#globals.length; index++) {
      (this.#globals[index] as WebAssembly.Global<"externref">).value = snapshot.globals[index];
    }
    return true;
  }

  /** Gives the memory back; the instance must not be used any more. */
  release(): void {
    this.#pool.give(this.#memory, this.#meta.memory?.min ?? 0, memoryLimit(this.#meta));
  }

  #endOf(error: unknown, limit: bigint): RunEnd {
    const left = fuelLeft(this.#budget.value);
    const fuel = limit - left;
    if (error instanceof GuestExit) return { kind: "exited", fuel, code: error.code };
    if (error instanceof GuestAbort) return { kind: "guest-abort", fuel, reason: error.message };
    // The native stack ended before the counted one: another machine may have had more of it.
    if (!(error instanceof WebAssembly.RuntimeError)) throw hostFault("a host function or the stack failed", error);
    if (left < 0n) return { kind: "out-of-fuel", fuel: limit };
    if (isTooDeep(this.#budget.value)) return { kind: "too-deep", fuel };
    // The count may still have been in a register when the machine stopped.
    return { kind: "trap", fuel: limit };
  }

  #restoreTables(saved: Snapshot["tables"]): boolean {
    for (const [index, elements] of saved.entries()) {
      const table = this.#tables[index] as WebAssembly.Table;
      if (table.length !== elements.length) return false;
      for (let element = 0; element < elements.length; element++) table.set(element, elements[element]);
    }
    return true;
  }
}

function memoryLimit(meta: ModuleMeta): number {
  return Math.min(meta.memory?.max ?? LIMITS.jobMemoryPages, LIMITS.jobMemoryPages);
}
