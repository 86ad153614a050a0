// The lane of libraries: a module exports `handle`, and reads the request and writes the response through the functions
// of the import module `mimik`. Addresses are offsets in the module's memory; an address outside it ends the run.
//
//   request_length(part) -> bytes          part: 0 body, 1 method, 2 URL, 3 headers as "name: value\n" lines
//   request_read(part, offset, address, length) -> bytes copied
//   response_status(status)                200 unless set
//   response_header(name, nameLength, value, valueLength)
//   response_write(address, length)        appends to the body
//   log(address, length)
//   now() -> i64                           milliseconds; stands still during the run
//   random(address, length)                from the invocation's seed
//   sha256(address, length, target)        32 bytes to target
//   abort(address, length)                 ends the run as guest-abort, with a message for the log
import { hash } from "node:crypto";
import { LIMITS } from "#protocol/limits.ts";
import { refused } from "../metering/module-error.ts";
import { callExport } from "./call-export.ts";
import { GuestAbort } from "./guest-signals.ts";
import type { HostCall } from "./host-call.ts";
import { HOST_PRICES, type HostPrice } from "./host-prices.ts";
import type { HostSurroundings } from "./host-surroundings.ts";
import type { Lane } from "./lane.ts";
import { INSTANCE_LIMITS } from "./limits.ts";

export const REQUEST_MODULE = "mimik";
const SHA256_BYTES = 32;
const PART_NAMES = ["body", "method", "url", "headers"] as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const REQUEST_IMPORTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    request_length: "(i32)->i32",
    request_read: "(i32,i32,i32,i32)->i32",
    response_status: "(i32)->",
    response_header: "(i32,i32,i32,i32)->",
    response_write: "(i32,i32)->",
    log: "(i32,i32)->",
    now: "()->i64",
    random: "(i32,i32)->",
    sha256: "(i32,i32,i32)->",
    abort: "(i32,i32)->",
  }).map(([name, type]) => [`${REQUEST_MODULE}.${name}`, type]),
);

export const REQUEST_LANE: Lane = {
  imports: REQUEST_IMPORTS,
  host: (surroundings) => ({
    [REQUEST_MODULE]: { ...requestFunctions(surroundings), ...worldFunctions(surroundings) },
  }),
  requireExports({ functionTypes }) {
    const type = functionTypes.get("handle");
    if (type && type.params.length === 0 && type.results.length === 0) return;
    throw refused(0, "a library exports handle, without parameters and results", "Export it, or build a WASI command.");
  },
  initialise: (instance) => callExport(instance, "_initialize"),
  enter: (instance) => callExport(instance, "handle"),
  headersOf: ({ headers }) => headers,
};

function requestFunctions(host: HostSurroundings): Record<string, unknown> {
  return {
    request_length(part: number): number {
      host.enter(HOST_PRICES.small);
      return partOf(host.call, part).length;
    },
    request_read(part: number, offset: number, address: number, length: number): number {
      host.enter(HOST_PRICES.copy);
      const target = slice(host, address, length);
      const start = offset >>> 0;
      const bytes = partOf(host.call, part).subarray(start, start + target.length);
      host.charge(HOST_PRICES.copy, bytes.length);
      target.set(bytes);
      return bytes.length;
    },
    response_status(status: number): void {
      host.enter(HOST_PRICES.small);
      host.call.status = status;
    },
    response_header(name: number, nameLength: number, value: number, valueLength: number): void {
      host.enter(HOST_PRICES.copy);
      if (host.call.headers.length >= LIMITS.messageHeaders) throw new GuestAbort("The response has too many headers.");
      host.call.headers.push([text(host, name, nameLength), text(host, value, valueLength)]);
    },
    response_write(address: number, length: number): void {
      host.enter(HOST_PRICES.copy);
      const bytes = priced(host, HOST_PRICES.copy, address, length);
      if (!host.call.write(bytes)) throw new GuestAbort("The response is larger than its limit.");
    },
  };
}

function worldFunctions(host: HostSurroundings): Record<string, unknown> {
  return {
    log(address: number, length: number): void {
      host.enter(HOST_PRICES.log);
      host.call.log.write(priced(host, HOST_PRICES.log, address, length));
      host.call.log.line("");
    },
    now(): bigint {
      host.enter(HOST_PRICES.small);
      return BigInt(host.call.virtualTimeMillis);
    },
    random(address: number, length: number): void {
      host.enter(HOST_PRICES.random);
      if (length >>> 0 > INSTANCE_LIMITS.randomBytes) throw new GuestAbort("Too many random bytes in one call.");
      const target = priced(host, HOST_PRICES.random, address, length);
      target.set(host.call.random(target.length));
    },
    sha256(address: number, length: number, target: number): void {
      host.enter(HOST_PRICES.sha256);
      const bytes = priced(host, HOST_PRICES.sha256, address, length);
      const digest = hash("sha256", bytes, "buffer");
      slice(host, target, SHA256_BYTES).set(digest);
    },
    abort(address: number, length: number): void {
      host.enter(HOST_PRICES.log);
      throw new GuestAbort(new TextDecoder().decode(priced(host, HOST_PRICES.log, address, length)));
    },
  };
}

/** The part's bytes, made once for each call. */
function partOf(call: HostCall, part: number): Uint8Array {
  const name = PART_NAMES[part];
  if (name === undefined) throw new GuestAbort(`There is no request part ${part}.`);
  if (name === "body") return call.request.body;
  return call.parts.get(name) ?? makePart(call, name);
}

function makePart(call: HostCall, name: "method" | "url" | "headers"): Uint8Array {
  const { request } = call;
  const lines = () => request.headers.map(([header, value]) => `${header}: ${value}\n`).join("");
  const bytes = encoder.encode(name === "headers" ? lines() : request[name]);
  call.parts.set(name, bytes);
  return bytes;
}

function text(host: HostSurroundings, address: number, length: number): string {
  const bytes = priced(host, HOST_PRICES.copy, address, length);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new GuestAbort("A response header is not UTF-8.");
  }
}

/** Bytes of the guest's memory, charged by their length. */
function priced(host: HostSurroundings, price: HostPrice, address: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = slice(host, address, length);
  host.charge(price, bytes.length);
  return bytes;
}

function slice(host: HostSurroundings, address: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = host.slice(address, length);
  if (!bytes) throw new GuestAbort(`Bytes ${address >>> 0} to ${(address >>> 0) + (length >>> 0)} are not in memory.`);
  return bytes;
}
