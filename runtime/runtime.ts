// The program's one way to run a microservice: builds, owns and ends the executors. It knows nothing of networks,
// chains or money.
import { availableParallelism } from "node:os";
import type { IsolationClass } from "#protocol/isolation.ts";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Execution, Invocation } from "./execution.ts";
import { findBubblewrap } from "./executor/bubblewrap.ts";
import type { Call, Lane } from "./executor/call.ts";
import { ExecutorPool } from "./executor/executor-pool.ts";
import { defaultExecutorCode, type ExecutorCode } from "./executor/launch-executor.ts";
import { EXECUTOR_LIMITS } from "./executor/limits.ts";
import type { Image } from "./image/image.ts";
import { readEngine } from "./javascript/engine-pin.ts";
import { requireRunnable } from "./runtime-id.ts";

export interface RuntimeOptions {
  /** Processes that run calls at the same time; by default one per core. */
  readonly executors?: number;
  /** `auto` takes kernel isolation where the host has it; `process` never does. */
  readonly isolation?: "auto" | "process";
  /** Wall time that any call gets before its executor is ended; a call with much fuel gets more. 10 s by default. */
  readonly watchdogFloorMillis?: number;
  /** The executor's module and what it may read; by default the one beside this module. */
  readonly code?: ExecutorCode;
}

export interface RunOptions {
  /** `interactive` by default. */
  readonly lane?: Lane;
  readonly signal?: AbortSignal;
}

export interface Runtime extends AsyncDisposable {
  readonly isolation: IsolationClass;
  /**
   * Runs one invocation of an image in an executor process.
   * @throws `host-fault` (retryable, no bill), `image-refused`, `image-struck-out`, `runtime-busy`, `runtime-closed`,
   * `invocation-invalid`, `cancelled`
   */
  run(image: Image, invocation: Invocation, options?: RunOptions): Promise<Execution>;
}

/**
 * Starts the executors.
 * @throws `engine-mismatch`, `executor-failed`
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const engine = await readEngine();
  const code = options.code ?? defaultExecutorCode();
  const executors = Math.max(1, options.executors ?? availableParallelism());
  const watchdogFloorMillis = options.watchdogFloorMillis ?? EXECUTOR_LIMITS.watchdogFloorMillis;
  const start = async (isolation: IsolationClass) => {
    const pool = await ExecutorPool.start({ code, isolation, engine, executors, watchdogFloorMillis });
    return runtimeOver(pool, isolation);
  };
  if (options.isolation === "process" || findBubblewrap() === undefined) return start("process");
  // Containers and hardened kernels forbid what bubblewrap needs: trying is the only reliable question.
  return start("kernel").catch(() => start("process"));
}

function runtimeOver(pool: ExecutorPool, isolation: IsolationClass): Runtime {
  return {
    isolation,
    run: (image, invocation, options) => runInPool(pool, image, invocation, options),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

function runInPool(
  pool: ExecutorPool,
  image: Image,
  invocation: Invocation,
  { lane = "interactive", signal }: RunOptions = {},
): Promise<Execution> {
  return new Promise((resolve, reject) => {
    requireRunnable(image.config);
    requireInvocation(invocation);
    if (signal?.aborted) throw cancelled();
    const onAbort = () => {
      reject(cancelled());
      pool.cancel(call);
    };
    const settled = () => signal?.removeEventListener("abort", onAbort);
    const call: Call = {
      image,
      invocation,
      lane,
      isSuspect: false,
      isCancelled: false,
      expectedMicros: 0,
      resolve(execution) {
        settled();
        resolve(execution);
      },
      reject(error) {
        settled();
        reject(error);
      },
    };
    pool.submit(call);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

const REQUEST_BYTES_MAX = 4 + LIMITS.messageHeadBytes + LIMITS.messageBodyBytes;

function requireInvocation({ request, seed, virtualTimeMillis, limits }: Invocation): void {
  const good =
    request.length <= REQUEST_BYTES_MAX &&
    seed.length === 32 &&
    Number.isSafeInteger(virtualTimeMillis) &&
    limits.fuel >= 0n &&
    limits.fuel <= LIMITS.jobFuel &&
    isWithin(limits.memoryPages, LIMITS.jobMemoryPages) &&
    isWithin(limits.responseBytes, REQUEST_BYTES_MAX);
  if (good) return;
  throw new ProtocolError("invalid", "invocation-invalid", "The invocation is outside of what any node may run.", {
    hint: `Give a seed of 32 bytes, whole milliseconds, and limits up to ${LIMITS.jobFuel} fuel and ${LIMITS.jobMemoryPages} pages.`,
    context: { requestBytes: request.length, seedBytes: seed.length, fuel: limits.fuel, pages: limits.memoryPages },
  });
}

function isWithin(count: number, max: number): boolean {
  return Number.isInteger(count) && count >= 0 && count <= max;
}

function cancelled(): ProtocolError {
  return new ProtocolError("cancelled", "cancelled", "The call was cancelled before it had a result.");
}
