// Test instrument: small guests in WebAssembly text, and calls of them.
import { decodeResponse, encodeRequest } from "#protocol/message.ts";
import type { Execution, Invocation } from "#runtime/execution.ts";
import type { Lane } from "#runtime/instance/lane.ts";
import { loadModule } from "#runtime/instance/module-program.ts";
import { REQUEST_LANE } from "#runtime/instance/request-lane.ts";
import { wasiLane } from "#runtime/instance/wasi-lane.ts";
import type { Program } from "#runtime/program.ts";
import { assemble } from "../metering/assemble.ts";

export const WASI = wasiLane({ arguments: ["guest", "one"], environment: { COLOUR: "green" } });

/** A library whose `handle` is `body`; imports of the request ABI are there by their own names. */
export function library(body: string, more = ""): Program {
  return loadGuest(
    `(module ${requestImports()} (memory (export "memory") 1 64) ${more} (func (export "handle") ${body}))`,
  );
}

/** A command whose `_start` is `body`; WASI's functions are there by their own names. */
export function command(body: string, more = ""): Program {
  return loadGuest(
    `(module ${wasiImports()} (memory (export "memory") 1 64) ${more} (func (export "_start") ${body}))`,
    WASI,
  );
}

export function loadGuest(text: string, lane: Lane = REQUEST_LANE): Program {
  return loadModule(assemble(text), lane, 64);
}

export function invocation(body = "", changes: Partial<Invocation["limits"]> = {}): Invocation {
  return {
    request: encodeRequest({
      method: "POST",
      url: "/path?query",
      headers: [["content-type", "text/plain"]],
      body: new TextEncoder().encode(body),
    }),
    virtualTimeMillis: 1_700_000_000_123,
    seed: new Uint8Array(32).fill(7),
    limits: { fuel: 10_000_000n, memoryPages: 64, responseBytes: 100_000, ...changes },
  };
}

export function bodyOf(execution: Execution): string {
  return new TextDecoder().decode(decodeResponse(execution.response).body);
}

function requestImports(): string {
  return importsOf("mimik", [...REQUEST_LANE.imports]);
}

function wasiImports(): string {
  return importsOf("wasi_snapshot_preview1", [...WASI.imports]);
}

function importsOf(module: string, imports: readonly (readonly [string, string])[]): string {
  return imports
    .map(([qualified, type]) => {
      const name = qualified.slice(module.length + 1);
      const [params = "", results = ""] = type.split("->");
      const list = params.slice(1, -1).replaceAll(",", " ");
      return `(import "${module}" "${name}" (func $${name} (param ${list}) (result ${results})))`
        .replace("(param )", "")
        .replace("(result )", "");
    })
    .join("\n");
}
