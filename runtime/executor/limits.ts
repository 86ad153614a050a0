// Every bound of the executor processes and of the queue before them. Units are last in each name.
import { LIMITS } from "#protocol/limits.ts";

const MIB = 1024 * 1024;

export const EXECUTOR_LIMITS = {
  /** One message between daemon and executor: a layer, a request or a response with its log and head. */
  frameBytes: Math.max(LIMITS.imageLayerBytes, LIMITS.messageBodyBytes) + MIB,
  /** Requests sent to one executor and not answered: more would wait there instead of where they can be moved. */
  inFlightBytes: 32 * MIB,
  /** Calls sent ahead to one executor, so that it never waits for the daemon: with 64 it did, half of the time. */
  inFlightCalls: 256,
  /** How much work may be sent ahead: an interactive call waits at most about this long behind others. */
  aheadMillis: 4,
  /** Calls waiting for an executor; the next is refused as busy. */
  queueCalls: 10_000,
  /** Bytes of the requests that wait. */
  queueBytes: 256 * MIB,
  /** Images that one executor holds ready; JavaScript ones take about 6 MiB each. */
  loadedImages: 64,
  /** An executor is replaced after so many calls, so that no slow leak adds up. */
  callsBeforeRecycle: 2_000_000,
  /** From start to ready, on a loaded machine. */
  startMillis: 30_000,
  /** Wall time that any call gets, however little fuel it has, unless the owner says otherwise. */
  watchdogFloorMillis: 10_000,
  /** Fuel that even a slow machine burns in a millisecond; a call that is slower hangs outside the meter. */
  watchdogFuelPerMilli: 200_000n,
  /** Starts that may fail in a row, while nothing else works, before the runtime gives up. */
  startFailures: 3,
  /** Between a start that failed and the next, times the failures in a row. */
  startPauseMillis: 500,
} as const;
