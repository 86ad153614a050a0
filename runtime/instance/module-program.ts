// A WebAssembly module made ready to run: loaded and started once, its state kept as a snapshot, each call on an
// instance in exactly that state.

import { LIMITS } from "#protocol/limits.ts";
import { decodeRequest, encodeResponse } from "#protocol/message.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { OutcomeKind } from "#protocol/usage.ts";
import type { Execution, Invocation } from "../execution.ts";
import { failedResponse } from "../failed-response.ts";
import type { Program } from "../program.ts";
import { callExport } from "./call-export.ts";
import { type CompiledModule, compileModule } from "./compile-module.ts";
import { hostFault } from "./guest-signals.ts";
import { HostCall } from "./host-call.ts";
import type { Lane } from "./lane.ts";
import { INSTANCE_LIMITS } from "./limits.ts";
import { MemoryPool } from "./memory-pool.ts";
import { ModuleInstance, type RunEnd, type RunLimits } from "./module-instance.ts";
import { canSnapshot, isResettable, type Snapshot } from "./snapshot.ts";

/** Shared by all programs of a process. */
const MEMORIES = new MemoryPool();

/**
 * Loads a module for a lane and runs its start under fuel.
 * @throws `module-malformed`, `module-invalid`, `module-refused`, `import-refused`, `module-start-failed`, `host-fault`
 */
export function loadModule(wasm: Uint8Array, lane: Lane, pagesMax: number = LIMITS.jobMemoryPages): Program {
  const compiled = compileModule(wasm, { pagesMax, imports: lane.imports });
  lane.requireExports(compiled.metered.meta);
  return new ModuleProgram(compiled, lane);
}

class ModuleProgram implements Program {
  readonly #compiled: CompiledModule;
  readonly #lane: Lane;
  /** Undefined for modules whose state cannot be brought back: they are started anew for every call. */
  readonly #snapshot: Snapshot | undefined;
  /** Fuel of the start; billed where it has to run again for every call. */
  #startFuel = 0n;
  #idle: ModuleInstance | undefined;

  constructor(compiled: CompiledModule, lane: Lane) {
    this.#compiled = compiled;
    this.#lane = lane;
    const first = this.#startInstance();
    const { meta } = compiled.metered;
    const snapshot = canSnapshot(meta) ? first.snapshot() : undefined;
    if (snapshot && isResettable(meta, snapshot)) this.#snapshot = snapshot;
    if (this.#snapshot) this.#idle = first;
    else first.release();
  }

  run(invocation: Invocation): Execution {
    this.#requireLimits(invocation);
    const { limits } = invocation;
    const request = decodeRequest(invocation.request);
    const call = new HostCall(request, invocation.virtualTimeMillis, invocation.seed, {
      body: limits.responseBytes,
      log: INSTANCE_LIMITS.logBytes,
    });
    const instance = this.#takeInstance();
    let kept = false;
    try {
      const end = this.#runCall(instance, limits, call);
      const { outcome, response } = this.#answer(end, call, limits.responseBytes);
      const execution = {
        outcome,
        response,
        usage: {
          fuel: end.fuel,
          memoryPages: instance.memoryPages,
          bytesIn: invocation.request.length,
          bytesOut: response.length,
          events: call.events,
        },
        logs: call.log.text(),
      };
      kept = this.#snapshot !== undefined && instance.restore(this.#snapshot);
      return execution;
    } finally {
      if (kept) this.#idle = instance;
      else instance.release();
    }
  }

  [Symbol.dispose](): void {
    this.#idle?.release();
    this.#idle = undefined;
  }

  #runCall(instance: ModuleInstance, limits: RunLimits, call: HostCall): RunEnd {
    const before = this.#snapshot ? 0n : this.#startFuel;
    if (before > limits.fuel) return { kind: "out-of-fuel", fuel: limits.fuel };
    const rest = { fuel: limits.fuel - before, memoryPages: limits.memoryPages };
    const end = instance.run(rest, call, () => this.#lane.enter(instance));
    return { ...end, fuel: end.fuel + before };
  }

  #takeInstance(): ModuleInstance {
    const idle = this.#idle;
    this.#idle = undefined;
    if (idle) return idle;
    if (!this.#snapshot) return this.#startInstance();
    const fresh = this.#link();
    if (fresh.restore(this.#snapshot)) return fresh;
    fresh.release();
    throw hostFault("a fresh instance could not be brought to the snapshot");
  }

  #startInstance(): ModuleInstance {
    const instance = this.#link();
    const { start } = this.#compiled.metered.meta;
    const limits = { fuel: INSTANCE_LIMITS.initialFuel, memoryPages: this.#compiled.metered.meta.pagesMax };
    const end = instance.run(limits, HostCall.atLoad(), () => {
      if (start !== undefined) callExport(instance, start);
      this.#lane.initialise(instance);
    });
    if (end.kind !== "returned") {
      instance.release();
      throw startFailed(end.kind);
    }
    this.#startFuel = end.fuel;
    return instance;
  }

  #link(): ModuleInstance {
    try {
      return new ModuleInstance(this.#compiled, this.#lane.host, MEMORIES);
    } catch (error) {
      // A segment that does not fit is the module's fault, and fails the same way everywhere.
      if (error instanceof WebAssembly.RuntimeError) throw startFailed("trap");
      throw error;
    }
  }

  #answer(end: RunEnd, call: HostCall, responseBytes: number): { outcome: OutcomeKind; response: Uint8Array } {
    const outcome = outcomeOf(end, call);
    if (outcome !== "ok") return { outcome, response: failedResponse(outcome) };
    const response = this.#encode(call);
    if (response && response.length <= responseBytes) return { outcome, response };
    call.log.line(response ? `The response is larger than ${responseBytes} bytes.` : "The response is malformed.");
    return { outcome: "guest-abort", response: failedResponse("guest-abort") };
  }

  #encode(call: HostCall): Uint8Array | undefined {
    try {
      return encodeResponse({ status: call.status, headers: this.#lane.headersOf(call), body: call.body() });
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }

  #requireLimits({ limits, seed }: Invocation): void {
    const minimum = this.#compiled.metered.meta.memory?.min ?? 0;
    const good =
      limits.fuel >= 0n &&
      limits.fuel <= LIMITS.jobFuel &&
      limits.memoryPages >= minimum &&
      limits.responseBytes >= 0 &&
      seed.length === 32;
    if (good) return;
    throw new ProtocolError("invalid", "invocation-invalid", "The invocation's limits do not fit the microservice.", {
      hint: `Allow at least ${minimum} memory pages, at most ${LIMITS.jobFuel} fuel, and give a seed of 32 bytes.`,
      context: { fuel: limits.fuel, memoryPages: limits.memoryPages, seedBytes: seed.length },
    });
  }
}

function outcomeOf(end: RunEnd, call: HostCall): OutcomeKind {
  if (end.kind === "returned" || (end.kind === "exited" && end.code === 0)) return "ok";
  if (end.kind === "exited") call.log.line(`Exited with code ${end.code}.`);
  if (end.kind === "guest-abort") call.log.line(end.reason);
  return end.kind === "exited" ? "guest-abort" : end.kind;
}

function startFailed(how: string): ProtocolError {
  return new ProtocolError("rejected", "module-start-failed", `The module's start ended as ${how}.`, {
    hint: `Do less at start: it has ${INSTANCE_LIMITS.initialFuel} fuel, no request and a clock at zero.`,
    context: { how },
  });
}
