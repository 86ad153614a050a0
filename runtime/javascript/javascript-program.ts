// One JavaScript microservice ready to run: its source is evaluated once, and every call starts from that same state.
import { createHash } from "node:crypto";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { PAGE_BYTES } from "#protocol/units.ts";
import type { OutcomeKind } from "#protocol/usage.ts";
import type { Execution, Invocation } from "../execution.ts";
import { failedResponse } from "../failed-response.ts";
import type { Program } from "../program.ts";
import { CallState } from "./call-state.ts";
import type { EngineEnd, EngineSnapshot } from "./engine-instance.ts";
import { LOAD_FUEL } from "./engine-layout.ts";
import type { EngineSession, JavascriptEngine } from "./javascript-engine.ts";
import type { Quickjs, Value } from "./quickjs.ts";

const FILE_NAME = "microservice.js";

/** A source that cannot be loaded: each call answers so, for the fuel that loading took. */
interface LoadFailure {
  readonly outcome: Exclude<OutcomeKind, "ok">;
  readonly fuel: bigint;
  readonly pages: number;
  readonly logs: string;
}

export class JavascriptProgram implements Program {
  readonly #engine: JavascriptEngine;
  readonly #loaded: EngineSnapshot | LoadFailure;
  #session: EngineSession | undefined;

  /**
   * @param pages of memory, for loading and for every call; at least the engine's own 256
   * @throws `host-fault`
   */
  constructor(engine: JavascriptEngine, source: Uint8Array, pages: number) {
    this.#engine = engine;
    const session = engine.newSession();
    session.instance.reserve(pages);
    const state = new CallState(0, 0);
    const end = session.run(state, LOAD_FUEL, (quickjs) => load(quickjs, engine, state, source));
    if (end.kind === "returned" && state.failure === undefined) this.#loaded = session.instance.snapshot();
    else {
      this.#loaded = {
        outcome: end.kind === "returned" ? "guest-abort" : end.kind,
        fuel: end.fuel,
        pages: session.instance.usedPages,
        logs: logsOf(state, end),
      };
    }
  }

  run(invocation: Invocation): Execution {
    const { request, virtualTimeMillis, seed, limits } = invocation;
    const loaded = this.#loaded;
    if ("outcome" in loaded) return this.#failedLoad(loaded, invocation);
    if (loaded.pages > limits.memoryPages) {
      const logs = `error: The microservice needs ${loaded.pages} memory pages, the call allows ${limits.memoryPages}`;
      return execution({ outcome: "guest-abort", fuel: 0n, pages: limits.memoryPages, events: 0, logs, request });
    }
    const { head, body } = splitRequest(request);
    const state = new CallState(virtualTimeMillis, limits.responseBytes, seed, body);
    const session = this.#restoredSession(loaded);
    // Whatever happens below, the next call must not find this one's state unless it ended in order.
    this.#session = undefined;
    const end = session.run(state, limits.fuel, (quickjs) => {
      answer(quickjs, this.#engine, state, head);
    });
    const isAnswered = end.kind === "returned" && state.response !== undefined;
    const result = execution({
      outcome: end.kind !== "returned" ? end.kind : isAnswered ? "ok" : "guest-abort",
      ...(isAnswered && state.response !== undefined && { response: state.response }),
      fuel: end.fuel,
      pages: session.instance.usedPages,
      events: state.events,
      logs: logsOf(state, end),
      request,
    });
    this.#session = session;
    return result;
  }

  /** SHA-256 of the engine's used memory after the last call, which a second machine must have too. */
  stateDigest(): string {
    if (this.#session === undefined) return "";
    const { instance } = this.#session;
    const used = instance.memory().subarray(0, instance.usedPages * PAGE_BYTES);
    return createHash("sha256").update(used).digest("hex");
  }

  [Symbol.dispose](): void {
    this.#session = undefined;
  }

  #restoredSession(snapshot: EngineSnapshot): EngineSession {
    const used = this.#session;
    return used?.instance.restore(snapshot) ? used : this.#engine.newSession(snapshot);
  }

  #failedLoad(failure: LoadFailure, { request, limits }: Invocation): Execution {
    const isShort = failure.fuel > limits.fuel;
    return execution({
      outcome: isShort ? "out-of-fuel" : failure.outcome,
      fuel: isShort ? limits.fuel : failure.fuel,
      pages: Math.min(failure.pages, limits.memoryPages),
      events: 0,
      logs: failure.logs,
      request,
    });
  }
}

/** Evaluates the source and hands its exports to the prelude; a failure is left in `state`. */
function load(quickjs: Quickjs, engine: JavascriptEngine, state: CallState, source: Uint8Array): void {
  const evaluated = quickjs.evaluateModule(source, FILE_NAME);
  quickjs.runJobs();
  const failure = failureOf(quickjs, evaluated);
  if (failure !== undefined) {
    state.fail(failure);
    return;
  }
  const exports = quickjs.promiseState(evaluated) === undefined ? evaluated : quickjs.promiseResult(evaluated);
  const opened = quickjs.call(engine.handler.open, exports);
  if (quickjs.isException(opened)) state.fail(quickjs.takeException(opened));
  quickjs.free(opened);
}

function failureOf(quickjs: Quickjs, evaluated: Value): string | undefined {
  if (quickjs.isException(evaluated)) return quickjs.takeException(evaluated);
  const state = quickjs.promiseState(evaluated);
  if (state === "pending") return "The module waits for something that never happens";
  if (state !== "rejected") return undefined;
  const reason = quickjs.readText(quickjs.promiseResult(evaluated));
  return reason === undefined ? "The module failed" : Buffer.from(reason).toString();
}

/** Calls the handler and runs its promises to their end. */
function answer(quickjs: Quickjs, engine: JavascriptEngine, state: CallState, head: Uint8Array): void {
  const returned = quickjs.call(engine.handler.dispatch, quickjs.newText(head));
  if (quickjs.isException(returned)) state.fail(quickjs.takeException(returned));
  quickjs.runJobs();
  if (!state.isAnswered) state.fail("The handler's promise never settles");
}

function logsOf(state: CallState, end: EngineEnd): string {
  if (end.kind === "guest-abort") state.fail(end.reason);
  return state.logs;
}

function splitRequest(request: Uint8Array): { head: Uint8Array; body: Uint8Array } {
  const headEnd = request.length < 4 ? 0 : 4 + new DataView(request.buffer, request.byteOffset).getUint32(0, true);
  if (headEnd === 0 || headEnd > request.length) {
    throw new ProtocolError("invalid", "message-malformed", "The request is shorter than its head.", {
      hint: "Encode it with encodeRequest of the protocol.",
    });
  }
  return { head: request.subarray(4, headEnd), body: request.subarray(headEnd) };
}

interface ExecutionParts {
  readonly outcome: OutcomeKind;
  readonly response?: Uint8Array;
  readonly fuel: bigint;
  readonly pages: number;
  readonly events: number;
  readonly logs: string;
  readonly request: Uint8Array;
}

function execution({ outcome, response, fuel, pages, events, logs, request }: ExecutionParts): Execution {
  const answered = outcome === "ok" ? (response ?? new Uint8Array(0)) : failedResponse(outcome);
  const usage = { fuel, memoryPages: pages, bytesIn: request.length, bytesOut: answered.length, events };
  return { outcome, response: answered, usage, logs };
}
