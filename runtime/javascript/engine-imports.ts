// What the engine's WebAssembly asks of its surroundings: almost nothing is given. Time stands still and is UTC, there
// is no environment, no file and no timer, and memory does not grow.

/** The host's side of one engine, for the call under way. */
export interface EngineHost {
  readonly virtualTimeMillis: number;
  /** A guest's call of a host function: the result's address, or 0 for undefined. */
  callHost(count: number, list: number, id: number): number;
}

const WASI_BADF = 8;

/** Thrown where the engine gives up on itself, such as a failed assertion; the call ends as a trap. */
export class EngineAborted extends Error {
  override readonly name = "EngineAborted";
}

/** Imports of module "a", by the short names of the engine's build, but for its memory, which `memory` gives. */
export function engineImports(
  host: EngineHost,
  memory: () => Uint8Array<ArrayBuffer>,
): Record<string, (...parameters: never[]) => unknown> {
  const abort = () => {
    throw new EngineAborted();
  };
  const refuse = () => WASI_BADF;
  return {
    // Failed assertion, abort, exit.
    b: abort,
    q: abort,
    r: abort,
    // Files: close, write, seek.
    d: refuse,
    c: refuse,
    o: refuse,
    // Environment: nothing in it.
    e: () => 0,
    f: (count: number, bytes: number) => writeWords(memory(), [count, 0], [bytes, 0]),
    // Clock, local time, time zone: UTC.
    p: () => host.virtualTimeMillis,
    m: (seconds: bigint, target: number) => writeLocalTime(memory(), seconds, target),
    n: (zone: number, daylight: number, standardName: number, daylightName: number) => {
      writeWords(memory(), [zone, 0], [daylight, 0]);
      for (const name of [standardName, daylightName]) memory().set([0x55, 0x54, 0x43, 0], name);
    },
    // Timers: none. Keeping the process alive: nothing to do.
    j: () => 0,
    l: () => undefined,
    // The memory has its full size from the start, see EngineInstance.reserve.
    k: () => 0,
    // Calls of the guest.
    s: (_context: number, _receiver: number, count: number, list: number, id: number) => host.callHost(count, list, id),
    // Interrupts and host references are not used; modules cannot be loaded during a call.
    i: () => 0,
    t: () => undefined,
    h: () => 0,
    g: () => 0,
  } as Record<string, (...parameters: never[]) => unknown>;
}

function writeWords(memory: Uint8Array<ArrayBuffer>, ...words: readonly (readonly [number, number])[]): number {
  const view = new DataView(memory.buffer);
  for (const [address, value] of words) view.setInt32(address, value, true);
  return 0;
}

const MILLIS_IN_DAY = 86_400_000;

/** `struct tm` in UTC. */
function writeLocalTime(memory: Uint8Array<ArrayBuffer>, seconds: bigint, target: number): void {
  const date = new Date(Number(seconds) * 1000);
  const fields = Number.isNaN(date.getTime())
    ? Array.from({ length: 10 }, () => 0)
    : [
        date.getUTCSeconds(),
        date.getUTCMinutes(),
        date.getUTCHours(),
        date.getUTCDate(),
        date.getUTCMonth(),
        date.getUTCFullYear() - 1900,
        date.getUTCDay(),
        Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / MILLIS_IN_DAY),
        0,
        0,
      ];
  writeWords(memory, ...fields.map((value, index) => [target + 4 * index, value] as const));
}
