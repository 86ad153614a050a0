// One instance of the metered engine with its memory: budget, growth, snapshot and restore. It knows nothing of
// JavaScript values.
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { PAGE_BYTES } from "#protocol/units.ts";
import { GuestAbort, hostFault } from "../instance/guest-signals.ts";
import { fuelLeft, isTooDeep, packBudget } from "../metering/budget.ts";
import { FUEL_PER_GROWN_PAGE } from "../metering/cost-model.ts";
import { ABI } from "../metering/module-abi.ts";
import { EngineAborted, type EngineHost, engineImports } from "./engine-imports.ts";
import { ENGINE_LAYOUT, STACK_POINTER } from "./engine-layout.ts";
import type { EngineMachine } from "./quickjs.ts";
import { type QuickjsExports, quickjsExports } from "./quickjs-exports.ts";

/** Everything that makes one state of the engine differ from another. */
export interface EngineSnapshot {
  readonly pages: number;
  readonly stackPointer: number;
  /** From 0 to the end of the static variables. */
  readonly statics: Uint8Array;
  /** From the top of the stack to the heap's end. */
  readonly heap: Uint8Array;
}

/** How a run ended; fuel is what it is charged. */
export type EngineEnd =
  | { readonly kind: "returned"; readonly fuel: bigint }
  | { readonly kind: "guest-abort"; readonly fuel: bigint; readonly reason: string }
  | { readonly kind: "out-of-fuel" | "too-deep" | "trap"; readonly fuel: bigint };

type Global = WebAssembly.Global<"i32">;
const CHARGE_MAX = 0x7fffffff;
const NOTHING = Buffer.alloc(ENGINE_LAYOUT.guardBytes);
const STACK_FLOOR = ENGINE_LAYOUT.stackTop - ENGINE_LAYOUT.stackBytes - ENGINE_LAYOUT.stackSlackBytes;

export class EngineInstance implements EngineMachine {
  readonly engine: QuickjsExports;
  readonly #memory = new WebAssembly.Memory({ initial: ENGINE_LAYOUT.pages, maximum: LIMITS.jobMemoryPages });
  readonly #budget: WebAssembly.Global<"i64">;
  readonly #fault: Global;
  readonly #stackPointer: Global;
  readonly #charge: (fuel: number) => void;
  #view: Uint8Array<ArrayBuffer> = new Uint8Array(this.#memory.buffer);
  #pagesMax: number = LIMITS.jobMemoryPages;

  /** `host` gives the call under way. */
  constructor(module: WebAssembly.Module, host: () => Omit<EngineHost, "memory" | "growTo">) {
    const surroundings: EngineHost = {
      memory: () => this.memory(),
      growTo: (bytes) => this.#growTo(bytes),
      callHost: (count, list, id) => host().callHost(count, list, id),
      get virtualTimeMillis() {
        return host().virtualTimeMillis;
      },
    };
    const imports = { a: { a: this.#memory, ...engineImports(() => surroundings) } };
    const { exports } = new WebAssembly.Instance(module, imports as unknown as WebAssembly.Imports);
    this.engine = quickjsExports(exports);
    this.#budget = exports[ABI.budget] as WebAssembly.Global<"i64">;
    this.#fault = exports[ABI.fault] as Global;
    this.#stackPointer = exports[STACK_POINTER] as Global;
    this.#charge = exports[ABI.charge] as (fuel: number) => void;
    const start = exports[ABI.start];
    if (typeof start === "function") start();
  }

  memory(): Uint8Array<ArrayBuffer> {
    // Growth replaces the buffer and leaves the old one empty.
    if (this.#view.length === 0) this.#view = new Uint8Array(this.#memory.buffer);
    return this.#view;
  }

  get pages(): number {
    return this.#memory.buffer.byteLength / PAGE_BYTES;
  }

  /** Takes fuel for work of the host. @throws where there is too little */
  charge(fuel: number): void {
    this.#charge(Math.min(Math.ceil(fuel), CHARGE_MAX));
  }

  /**
   * Runs `work` under a budget and says how it ended.
   * @throws `host-fault`
   */
  run(fuel: bigint, pagesMax: number, work: () => void): EngineEnd {
    this.#budget.value = packBudget(fuel);
    this.#pagesMax = pagesMax;
    try {
      work();
    } catch (error) {
      return this.#endOf(error, fuel);
    }
    this.#requireNoFault();
    const left = fuelLeft(this.#budget.value);
    return left < 0n ? { kind: "out-of-fuel", fuel } : { kind: "returned", fuel: fuel - left };
  }

  #endOf(error: unknown, fuel: bigint): EngineEnd {
    this.#requireNoFault();
    const left = fuelLeft(this.#budget.value);
    const used = left < 0n ? fuel : fuel - left;
    if (error instanceof GuestAbort) return { kind: "guest-abort", fuel: used, reason: error.message };
    if (error instanceof ProtocolError) throw error;
    if (error instanceof EngineAborted) return { kind: "trap", fuel };
    // The native stack ended before the counted one: another machine may have had more of it.
    if (!(error instanceof WebAssembly.RuntimeError)) throw hostFault("a host function or the stack failed", error);
    if (left < 0n) return { kind: "out-of-fuel", fuel };
    // The count may still have been in a register when the machine stopped.
    return isTooDeep(this.#budget.value) ? { kind: "too-deep", fuel: used } : { kind: "trap", fuel };
  }

  #requireNoFault(): void {
    if (this.#fault.value !== 0) throw hostFault("memory could not grow");
  }

  /** The engine asks its host to grow, so the rules of the pass for memory.grow are applied here. */
  #growTo(bytes: number): boolean {
    const wanted = Math.ceil(bytes / PAGE_BYTES);
    if (wanted > this.#pagesMax) return false;
    const extra = wanted - this.pages;
    if (extra <= 0) return true;
    this.charge(extra * FUEL_PER_GROWN_PAGE);
    try {
      this.#memory.grow(extra);
    } catch (cause) {
      throw hostFault("memory could not grow", cause);
    }
    return true;
  }

  /** The state between two calls. */
  snapshot(): EngineSnapshot {
    const memory = this.memory();
    return {
      pages: this.pages,
      stackPointer: this.#stackPointer.value,
      statics: memory.slice(0, ENGINE_LAYOUT.staticEnd),
      heap: memory.slice(ENGINE_LAYOUT.stackTop, this.#heapEnd()),
    };
  }

  /**
   * Brings a snapshot's state back. False where this instance cannot take it: its memory has grown past the snapshot's,
   * or something wrote where nothing should; it must not be used any more.
   */
  restore(snapshot: EngineSnapshot): boolean {
    const memory = this.memory();
    const end = this.#heapEnd();
    if (this.pages > snapshot.pages || !isUntouched(memory, STACK_FLOOR - ENGINE_LAYOUT.guardBytes)) return false;
    if (end > memory.length || !isUntouched(memory, end)) return false;
    if (this.pages < snapshot.pages) this.#memory.grow(snapshot.pages - this.pages);
    const target = this.memory();
    target.set(snapshot.statics);
    target.fill(0, STACK_FLOOR, ENGINE_LAYOUT.stackTop);
    target.set(snapshot.heap, ENGINE_LAYOUT.stackTop);
    const heapEnd = ENGINE_LAYOUT.stackTop + snapshot.heap.length;
    if (end > heapEnd) target.fill(0, heapEnd, end);
    this.#stackPointer.value = snapshot.stackPointer;
    return true;
  }

  /** 0 before the engine's first allocation. */
  #heapEnd(): number {
    const memory = this.memory();
    return new DataView(memory.buffer).getUint32(ENGINE_LAYOUT.heapEndPointer, true);
  }
}

/** Whether the guard at `start`, cut at the memory's end, holds zeros only. */
function isUntouched(memory: Uint8Array<ArrayBuffer>, start: number): boolean {
  const end = Math.min(start + ENGINE_LAYOUT.guardBytes, memory.length);
  return Buffer.compare(Buffer.from(memory.buffer, start, end - start), NOTHING.subarray(0, end - start)) === 0;
}
