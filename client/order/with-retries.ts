// Tries a call to a node again while the node is away or busy, and tells at last why it never worked.
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import type { Fault } from "../check/fault.ts";
import type { Clock } from "../clock.ts";
import { CLIENT_LIMITS } from "../limits.ts";

export interface RetryOptions {
  readonly clock: Clock;
  /** The caller's; aborting it ends everything. */
  readonly signal: AbortSignal;
  /** From here on nothing is tried. */
  readonly until: UnixSeconds;
  readonly node: NodeId;
  /** Refusals that time alone may lift. */
  readonly mayLift?: (error: ProtocolError) => boolean;
}

/** A fault that a step of the conversation has already named. */
export class FaultError extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.detail);
    this.fault = fault;
  }
}

/**
 * The step's value, or the fault that ended it. The step gets a signal that aborts at `until`.
 * @throws the caller's signal's reason
 */
export async function withRetries<Value>(
  step: (signal: AbortSignal) => Promise<Value>,
  options: RetryOptions,
): Promise<Value | Fault> {
  const { clock, signal, until, node } = options;
  let pause: number = CLIENT_LIMITS.retryMillisMin;
  let last: ProtocolError | undefined;
  using timer = abortAt(clock, until, signal);
  while (clock.now() < until * 1_000) {
    try {
      return await step(timer.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FaultError) return error.fault;
      if (timer.signal.aborted) break;
      if (!(error instanceof ProtocolError)) throw error;
      last = error;
      if (!error.retryable && !options.mayLift?.(error)) {
        return { node, reason: "refused", detail: `${error.code}: ${error.message}`.slice(0, 1_000) };
      }
    }
    const left = until * 1_000 - clock.now();
    if (left <= 0) break;
    await clock.sleep(Math.min(pause, left), signal);
    pause = Math.min(pause * 2, CLIENT_LIMITS.retryMillisMax);
  }
  return last?.category === "unreachable"
    ? { node, reason: "unreachable", detail: last.message.slice(0, 1_000) }
    : { node, reason: "late", detail: last?.message.slice(0, 1_000) ?? "It had not answered in time." };
}

export function isFault(value: object): value is Fault {
  return "reason" in value;
}

/** Aborts by the given clock, so that a hanging call ends with the step's time. */
function abortAt(clock: Clock, until: UnixSeconds, outer: AbortSignal): Disposable & { signal: AbortSignal } {
  const own = new AbortController();
  const stop = new AbortController();
  clock.sleep(Math.max(0, until * 1_000 - clock.now()), AbortSignal.any([outer, stop.signal])).then(
    () => own.abort(new Error("The step's time is over.")),
    () => {},
  );
  return { signal: AbortSignal.any([outer, own.signal]), [Symbol.dispose]: () => stop.abort() };
}
