// One instance of the metered engine with its memory: budget, growth, snapshot and restore. It knows nothing of
// JavaScript values.
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { PAGE_BYTES } from "#protocol/units.ts";
import { GuestMemory } from "../guest-memory.ts";
import { GuestAbort, hostFault } from "../instance/guest-signals.ts";
import { fuelLeft, isTooDeep, packBudget } from "../metering/budget.ts";
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
  readonly #views = new GuestMemory(this.#memory);
  readonly #budget: WebAssembly.Global<"i64">;
  readonly #stackPointer: Global;
  readonly #charge: (fuel: number) => void;

  constructor(module: WebAssembly.Module, host: EngineHost) {
    const imports = { a: { a: this.#memory, ...engineImports(host, () => this.memory()) } };
    const { exports } = new WebAssembly.Instance(module, imports as unknown as WebAssembly.Imports);
    this.engine = quickjsExports(exports);
    this.#budget = exports[ABI.budget] as WebAssembly.Global<"i64">;
    this.#stackPointer = exports[STACK_POINTER] as Global;
    this.#charge = exports[ABI.charge] as (fuel: number) => void;
    const start = exports[ABI.start];
    if (typeof start === "function") start();
  }

  memory(): Uint8Array<ArrayBuffer> {
    return this.#views.bytes();
  }

  view(): DataView {
    return this.#views.view();
  }

  get pages(): number {
    return this.#memory.buffer.byteLength / PAGE_BYTES;
  }

  /** Pages up to the heap's end: what the guest has made use of. */
  get usedPages(): number {
    return Math.min(Math.ceil(this.#heapEnd() / PAGE_BYTES), this.pages);
  }

  /** Makes the memory at least so large. A call cannot grow it: a grown memory could not be given to the next. */
  reserve(pages: number): void {
    try {
      if (pages > this.pages) this.#memory.grow(pages - this.pages);
    } catch (cause) {
      throw hostFault("there is no memory", cause);
    }
  }

  /** Takes fuel for work of the host. @throws where there is too little */
  charge(fuel: number): void {
    this.#charge(Math.min(Math.ceil(fuel), CHARGE_MAX));
  }

  /**
   * Runs `work` under a budget and says how it ended.
   * @throws `host-fault`
   */
  run(fuel: bigint, work: () => void): EngineEnd {
    this.#budget.value = packBudget(fuel);
    try {
      work();
    } catch (error) {
      return this.#endOf(error, fuel);
    }
    const left = fuelLeft(this.#budget.value);
    return left < 0n ? { kind: "out-of-fuel", fuel } : { kind: "returned", fuel: fuel - left };
  }

  #endOf(error: unknown, fuel: bigint): EngineEnd {
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
   * Brings a snapshot's state back. False where this instance must not be used any more: its memory is another one's,
   * holds too much to clear, or something wrote where nothing should.
   */
  restore(snapshot: EngineSnapshot): boolean {
    const memory = this.memory();
    const end = this.#heapEnd();
    if (this.pages > snapshot.pages || !isUntouched(memory, STACK_FLOOR - ENGINE_LAYOUT.guardBytes)) return false;
    if (end > Math.min(memory.length, ENGINE_LAYOUT.clearedBytesMax) || !isUntouched(memory, end)) return false;
    this.reserve(snapshot.pages);
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
    return this.view().getUint32(ENGINE_LAYOUT.heapEndPointer, true);
  }
}

/** Whether the guard at `start`, cut at the memory's end, holds zeros only. */
function isUntouched(memory: Uint8Array<ArrayBuffer>, start: number): boolean {
  const end = Math.min(start + ENGINE_LAYOUT.guardBytes, memory.length);
  return NOTHING.compare(memory, start, end, 0, end - start) === 0;
}
