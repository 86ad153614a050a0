// The JavaScript lane of one process: the compiled engine and its state after loading the web API, from which every
// microservice's own state is made.
import { ProtocolError } from "#protocol/protocol-error.ts";
import { CallState, type InstalledHandler } from "./call-state.ts";
import { type EngineEnd, EngineInstance, type EngineSnapshot } from "./engine-instance.ts";
import { ENGINE_LAYOUT } from "./engine-layout.ts";
import type { MeteredEngine } from "./engine-parts.ts";
import { callHostFunction, HOST_FUNCTION_NAMES } from "./host-functions.ts";
import { Quickjs } from "./quickjs.ts";

/** Work while the engine and the web API load, beyond which something is wrong with them. */
const PRELUDE_FUEL = 20_000_000_000n;

/** An instance with its QuickJS context and the call that it serves now. */
export class EngineSession {
  readonly instance: EngineInstance;
  quickjs: Quickjs | undefined;
  #state = new CallState(0, 0);

  constructor(module: WebAssembly.Module) {
    const session = this;
    const charge = (fuel: number) => session.instance.charge(fuel);
    this.instance = new EngineInstance(module, {
      get virtualTimeMillis() {
        return session.#state.virtualTimeMillis;
      },
      callHost: (count, list, id) =>
        callHostFunction(session.requireQuickjs(), session.#state, charge, { id, count, list }),
    });
  }

  requireQuickjs(): Quickjs {
    if (this.quickjs === undefined) throw new ProtocolError("internal", "engine-failed", "The engine is not started.");
    return this.quickjs;
  }

  /** Runs `work` with the engine, under a budget, for the call whose state is given. @throws `host-fault` */
  run(state: CallState, fuel: bigint, work: (quickjs: Quickjs) => void): EngineEnd {
    this.#state = state;
    return this.instance.run(fuel, () => work(this.requireQuickjs()));
  }
}

export class JavascriptEngine {
  readonly #module: WebAssembly.Module;
  readonly #loaded: EngineSnapshot;
  readonly #quickjs: Quickjs;
  readonly handler: InstalledHandler;

  /** Compiles the engine and evaluates the web API once. @throws `engine-failed` */
  constructor({ wasm, prelude }: MeteredEngine) {
    this.#module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
    const session = new EngineSession(this.#module);
    const state = new CallState(0, 0);
    session.instance.run(PRELUDE_FUEL, () => {
      session.quickjs = Quickjs.start(session.instance, ENGINE_LAYOUT.stackBytes);
    });
    const end = session.run(state, PRELUDE_FUEL, (quickjs) => {
      installHost(quickjs);
      for (const { name, source } of prelude) evaluatePrelude(quickjs, name, source);
    });
    if (end.kind !== "returned" || state.handler === undefined) throw failed(`its web API ended as ${end.kind}`);
    this.handler = state.handler;
    this.#quickjs = session.requireQuickjs();
    this.#loaded = session.instance.snapshot();
  }

  /** A session in the state of a snapshot, by default just after loading the web API. */
  newSession(snapshot: EngineSnapshot = this.#loaded): EngineSession {
    const session = new EngineSession(this.#module);
    if (!session.instance.restore(snapshot)) throw failed("a fresh instance could not be restored");
    session.quickjs = this.#quickjs.over(session.instance);
    return session;
  }
}

/** The prelude takes the functions from this global and removes it. */
function installHost(quickjs: Quickjs): void {
  const host = quickjs.newObject();
  HOST_FUNCTION_NAMES.forEach((name, index) => {
    const value = quickjs.newFunction(index + 1, name);
    quickjs.setProperty(host, name, value);
    quickjs.free(value);
  });
  const global = quickjs.globalObject();
  quickjs.setProperty(global, "__host", host);
  quickjs.free(host);
  quickjs.free(global);
}

function evaluatePrelude(quickjs: Quickjs, name: string, source: Uint8Array): void {
  const result = quickjs.evaluateModule(source, name);
  if (quickjs.isException(result)) throw failed(`${name}: ${quickjs.takeException(result)}`);
  quickjs.free(result);
}

function failed(what: string): ProtocolError {
  return new ProtocolError("internal", "engine-failed", `The JavaScript engine did not start: ${what}.`, {
    hint: "Install the exact packages again with `npm ci`.",
  });
}
