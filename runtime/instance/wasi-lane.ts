// The lane of WASI preview 1 commands: request body on stdin, response body on stdout, exit code 0 for success.
// The clock stands still at the invocation's time, randomness comes from its seed, files and sockets do not exist.
import type { Headers, RequestMessage } from "#protocol/message.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { refused } from "../metering/module-error.ts";
import { callExport } from "./call-export.ts";
import { GuestExit } from "./guest-signals.ts";
import { HOST_PRICES } from "./host-prices.ts";
import type { HostSurroundings } from "./host-surroundings.ts";
import type { Lane } from "./lane.ts";
import { INSTANCE_LIMITS } from "./limits.ts";
import { ERRNO } from "./wasi-errno.ts";
import { WASI_FUNCTION_NAMES, WASI_IMPORTS, WASI_MODULE } from "./wasi-imports.ts";
import { pollOnce } from "./wasi-poll.ts";
import { isStream, WasiStreams } from "./wasi-streams.ts";

export interface WasiOptions {
  /** The program's own name first. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

type WasiFunction = (...parameters: never[]) => number;

const HEADERS: Headers = [["content-type", "application/octet-stream"]];
const NANOS_PER_MILLI = 1_000_000n;
const CLOCKS = 4;
const utf8 = new TextEncoder();

/** @throws `environment-too-large` */
export function wasiLane(options: WasiOptions): Lane {
  const strings = [...options.arguments, ...Object.entries(options.environment).flat()];
  const size = strings.reduce((sum, text) => sum + utf8.encode(text).length + 2, 0);
  if (size > INSTANCE_LIMITS.environmentBytes || strings.some((text) => text.includes("\0"))) {
    throw new ProtocolError("invalid", "environment-too-large", "The program's arguments and environment do not fit.", {
      hint: `Keep them below ${INSTANCE_LIMITS.environmentBytes} bytes, without zero bytes.`,
      context: { size, limit: INSTANCE_LIMITS.environmentBytes },
    });
  }
  return {
    imports: WASI_IMPORTS,
    host: (surroundings) => ({ [WASI_MODULE]: wasiFunctions(surroundings, options) }),
    requireExports({ functionTypes }) {
      const type = functionTypes.get("_start");
      if (type && type.params.length === 0 && type.results.length === 0) return;
      throw refused(
        0,
        "a WASI command exports _start, without parameters and results",
        "Build a command, not a reactor.",
      );
    },
    initialise() {},
    enter: (instance) => callExport(instance, "_start"),
    headersOf: () => HEADERS,
  };
}

function wasiFunctions(host: HostSurroundings, options: WasiOptions): Record<string, WasiFunction> {
  const streams = new WasiStreams(host);
  const offered: Record<string, WasiFunction> = {
    ...Object.fromEntries(WASI_FUNCTION_NAMES.map((name) => [name, absent(name, streams)])),
    ...streamFunctions(streams),
    ...worldFunctions(host, options),
    poll_oneoff: (input: number, output: number, count: number, result: number) =>
      pollOnce(host, streams, { input, output, count, result }),
  };
  for (const [name, work] of Object.entries(offered)) {
    const price = name === "random_get" ? HOST_PRICES.random : HOST_PRICES.small;
    offered[name] = (...parameters: never[]) => {
      host.enter(price);
      return work(...parameters);
    };
  }
  return offered;
}

/** What a command finds in place of a file system and a network: nothing is ever open. */
function absent(name: string, streams: WasiStreams): WasiFunction {
  const onStream = name.startsWith("sock_")
    ? ERRNO.notSocket
    : name.startsWith("path_")
      ? ERRNO.notDirectory
      : ERRNO.notSupported;
  return (descriptor: number) => {
    if (name === "proc_raise") return ERRNO.notSupported;
    return streams.isOpen(descriptor) ? onStream : ERRNO.badDescriptor;
  };
}

function streamFunctions(streams: WasiStreams): Record<string, WasiFunction> {
  const notSeekable = (descriptor: number) => (streams.isOpen(descriptor) ? ERRNO.notSeekable : ERRNO.badDescriptor);
  const nothingToDo = (descriptor: number) => (streams.isOpen(descriptor) ? ERRNO.success : ERRNO.badDescriptor);
  return {
    fd_close: (descriptor: number) => streams.close(descriptor),
    fd_read: (descriptor: number, vectors: number, count: number, result: number) =>
      streams.read(descriptor, vectors, count, result),
    fd_write: (descriptor: number, vectors: number, count: number, result: number) =>
      streams.write(descriptor, vectors, count, result),
    fd_fdstat_get: (descriptor: number, result: number) => streams.describe(descriptor, result),
    fd_filestat_get: (descriptor: number, result: number) => streams.status(descriptor, result),
    // No directory is open beforehand: this answer ends a program's search for one.
    fd_prestat_get: () => ERRNO.badDescriptor,
    fd_prestat_dir_name: () => ERRNO.badDescriptor,
    fd_seek: notSeekable,
    fd_tell: notSeekable,
    fd_pread: notSeekable,
    fd_pwrite: notSeekable,
    fd_sync: nothingToDo,
    fd_datasync: nothingToDo,
    fd_fdstat_set_flags: nothingToDo,
    fd_readdir: (descriptor: number) => (isStream(descriptor) ? ERRNO.notDirectory : ERRNO.badDescriptor),
  };
}

function worldFunctions(host: HostSurroundings, options: WasiOptions): Record<string, WasiFunction> {
  const args = () => options.arguments;
  const environment = () => environmentOf(options, host.call.request);
  return {
    args_get: (list: number, text: number) => storeStrings(host, args(), list, text),
    args_sizes_get: (count: number, size: number) => storeSizes(host, args(), count, size),
    environ_get: (list: number, text: number) => storeStrings(host, environment(), list, text),
    environ_sizes_get: (count: number, size: number) => storeSizes(host, environment(), count, size),
    clock_res_get: (clock: number, result: number) => storeTime(host, clock, NANOS_PER_MILLI, result),
    clock_time_get: (clock: number, _precision: bigint, result: number) =>
      storeTime(host, clock, BigInt(host.call.virtualTimeMillis) * NANOS_PER_MILLI, result),
    proc_exit: (code: number) => {
      throw new GuestExit(code >>> 0);
    },
    sched_yield: () => ERRNO.success,
    random_get: (address: number, length: number) => {
      const size = length >>> 0;
      if (size > INSTANCE_LIMITS.randomBytes) return ERRNO.invalid;
      const target = host.slice(address, size);
      if (!target) return ERRNO.fault;
      host.charge(HOST_PRICES.random, size);
      target.set(host.call.random(size));
      return ERRNO.success;
    },
  };
}

/** The image's environment, and what the request says besides its body, named as CGI names it. */
function environmentOf({ environment }: WasiOptions, request: RequestMessage): string[] {
  const type = request.headers.find(([name]) => name === "content-type")?.[1];
  const all = {
    ...environment,
    REQUEST_METHOD: request.method,
    REQUEST_URI: request.url,
    CONTENT_LENGTH: String(request.body.length),
    ...(type !== undefined && { CONTENT_TYPE: type }),
  };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

function storeSizes(host: HostSurroundings, texts: readonly string[], count: number, size: number): number {
  if (!host.slice(count, 4) || !host.slice(size, 4)) return ERRNO.fault;
  const bytes = texts.reduce((sum, text) => sum + utf8.encode(text).length + 1, 0);
  host.view().setUint32(count >>> 0, texts.length, true);
  host.view().setUint32(size >>> 0, bytes, true);
  return ERRNO.success;
}

function storeStrings(host: HostSurroundings, texts: readonly string[], list: number, text: number): number {
  if (!host.slice(list, texts.length * 4)) return ERRNO.fault;
  let at = text >>> 0;
  for (const [index, value] of texts.entries()) {
    const encoded = utf8.encode(`${value}\0`);
    host.charge(HOST_PRICES.copy, encoded.length);
    const target = host.slice(at, encoded.length);
    if (!target) return ERRNO.fault;
    target.set(encoded);
    host.view().setUint32((list >>> 0) + index * 4, at, true);
    at += encoded.length;
  }
  return ERRNO.success;
}

/** Every clock shows the invocation's time. */
function storeTime(host: HostSurroundings, clock: number, nanos: bigint, result: number): number {
  if (clock < 0 || clock >= CLOCKS) return ERRNO.invalid;
  if (!host.slice(result, 8)) return ERRNO.fault;
  host.view().setBigUint64(result >>> 0, nanos, true);
  return ERRNO.success;
}
