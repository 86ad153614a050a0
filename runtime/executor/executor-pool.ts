// Keeps executors running and calls flowing to them: two lanes, one warm spare, and a rule for calls whose executor
// died. It knows nothing of what a call computes.

import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Call } from "./call.ts";
import { CallQueue } from "./call-queue.ts";
import { CallTimes } from "./call-times.ts";
import { type ExecutorEvents, type ExecutorOptions, ExecutorProcess } from "./executor-process.ts";
import { EXECUTOR_LIMITS } from "./limits.ts";
import { Strikes } from "./strikes.ts";

export interface ExecutorPoolOptions extends ExecutorOptions {
  /** Processes that run calls; one more is kept warm. */
  readonly executors: number;
}

export class ExecutorPool implements AsyncDisposable {
  readonly #options: ExecutorPoolOptions;
  readonly #queue = new CallQueue();
  readonly #times = new CallTimes();
  readonly #strikes = new Strikes();
  readonly #active = new Set<ExecutorProcess>();
  /** Every process, whether it takes calls or not; resolves when it is gone. */
  readonly #running = new Map<ExecutorProcess, PromiseWithResolvers<void>>();
  #spare: ExecutorProcess | undefined;
  #failuresInARow = 0;
  #pause: NodeJS.Timeout | undefined;
  #closedBy: ProtocolError | undefined;

  private constructor(options: ExecutorPoolOptions) {
    this.#options = options;
  }

  /** Resolves when the first executor takes calls. @throws `executor-failed` */
  static async start(options: ExecutorPoolOptions): Promise<ExecutorPool> {
    const pool = new ExecutorPool(options);
    const first = pool.#launch();
    try {
      await first.whenReady();
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw error;
    }
    pool.#replenish();
    return pool;
  }

  /** @throws `runtime-busy`, `image-struck-out`, `executor-failed`, `runtime-closed` */
  submit(call: Call): void {
    if (this.#closedBy) throw this.#closedBy;
    this.#strikes.requireGood(call.image.digest);
    this.#queue.add(call);
    this.#pump();
  }

  /** Takes a call out of the queue, or frees the executor that works on it alone. */
  cancel(call: Call): void {
    call.isCancelled = true;
    if (this.#queue.remove(call)) return;
    for (const executor of this.#active) {
      if (executor.inFlightCalls === 1 && executor.worksOn(call)) executor.kill("its call was cancelled");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new ProtocolError("cancelled", "runtime-closed", "The runtime is closed; the call has no result.");
    this.#close(closed);
    clearTimeout(this.#pause);
    const gone = [...this.#running.values()].map(({ promise }) => promise);
    for (const executor of this.#running.keys()) executor.kill("the runtime is closed");
    await Promise.all(gone);
  }

  #close(reason: ProtocolError): void {
    this.#closedBy ??= reason;
    for (const call of this.#queue.drain()) call.reject(this.#closedBy);
  }

  readonly #events: ExecutorEvents = {
    answered: (executor, call, micros) => {
      if (micros !== undefined) this.#times.record(call.image.digest, micros);
      if (executor.answeredCalls >= EXECUTOR_LIMITS.callsBeforeRecycle) this.#recycle(executor);
      this.#pump();
    },
    ended: (executor, lost, reason) => {
      this.#running.get(executor)?.resolve();
      this.#running.delete(executor);
      this.#active.delete(executor);
      if (this.#spare === executor) this.#spare = undefined;
      if (!executor.isReady) this.#pauseStarts(reason);
      this.#recover(lost, reason);
      this.#replenish();
      this.#pump();
    },
  };

  /** Several lost calls are run again alone: they are pure, and only one of them can be the cause. */
  #recover(lost: readonly Call[], reason: string): void {
    const wanted = lost.filter((call) => !call.isCancelled);
    const [only] = wanted;
    if (this.#closedBy) for (const call of wanted) call.reject(this.#closedBy);
    else if (only !== undefined && lost.length === 1) {
      this.#strikes.add(only.image.digest);
      only.reject(hostFault(reason));
    } else {
      for (const call of wanted) call.isSuspect = true;
      this.#queue.putBack(wanted);
    }
  }

  #launch(): ExecutorProcess {
    const executor = new ExecutorProcess(this.#options, this.#events);
    this.#running.set(executor, Promise.withResolvers<void>());
    const ready = () => {
      this.#failuresInARow = 0;
      this.#replenish();
      this.#pump();
    };
    // Where it never becomes ready, its end is told as an event.
    executor.whenReady().then(ready, () => undefined);
    if (this.#active.size < this.#options.executors) this.#active.add(executor);
    else this.#spare = executor;
    return executor;
  }

  /** A machine that is short of memory may recover; one where nothing ever starts is given up. */
  #pauseStarts(reason: string): void {
    this.#failuresInARow += 1;
    const worksAtAll = [...this.#active].some((executor) => executor.isReady);
    if (!worksAtAll && this.#failuresInARow >= EXECUTOR_LIMITS.startFailures) this.#close(startFailed(reason));
    if (this.#pause !== undefined || this.#closedBy) return;
    const millis = EXECUTOR_LIMITS.startPauseMillis * this.#failuresInARow;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#replenish();
    }, millis).unref();
  }

  /** One start at a time: starting costs the cores that calls want. */
  #replenish(): void {
    if (this.#closedBy) return;
    while (this.#active.size < this.#options.executors && this.#spare) {
      this.#active.add(this.#spare);
      this.#spare = undefined;
    }
    const isStarting = [...this.#running.keys()].some((executor) => !executor.isReady && !executor.hasEnded);
    if (!isStarting && this.#spare === undefined && this.#pause === undefined) this.#launch();
  }

  #recycle(executor: ExecutorProcess): void {
    this.#active.delete(executor);
    executor.retire();
    this.#replenish();
  }

  #pump(): void {
    for (let call = this.#queue.peek(); call !== undefined; call = this.#queue.peek()) {
      call.expectedMicros = this.#times.expected(call.image.digest);
      const executor = this.#choose(call);
      if (executor === undefined) return;
      this.#queue.take(call);
      executor.run(call);
    }
  }

  /** The least loaded executor with room, rather one that holds the image already. */
  #choose(call: Call): ExecutorProcess | undefined {
    let best: ExecutorProcess | undefined;
    const isLastForBatch = this.#batchExecutors() >= Math.max(1, this.#options.executors - 1);
    for (const executor of this.#active) {
      if (!executor.hasRoomFor(call)) continue;
      if (call.lane === "batch" && isLastForBatch && executor.inFlightBatchCalls === 0) continue;
      if (best === undefined || rank(executor, call) < rank(best, call)) best = executor;
    }
    return best;
  }

  #batchExecutors(): number {
    let count = 0;
    for (const executor of this.#active) if (executor.inFlightBatchCalls > 0) count += 1;
    return count;
  }
}

function rank(executor: ExecutorProcess, call: Call): number {
  return executor.inFlightMicros * 2 + (executor.holds(call.image) ? 0 : 1);
}

function startFailed(reason: string): ProtocolError {
  return new ProtocolError("internal", "executor-failed", `No executor starts any more: ${reason}`, {
    hint: "See what the system says about memory and processes, then start the program again.",
  });
}

function hostFault(reason: string): ProtocolError {
  return new ProtocolError("internal", "host-fault", `The executor of this call failed: ${reason}. There is no bill.`, {
    hint: "Run it again; a microservice that does this three times is not run any more.",
    retryable: true,
  });
}
