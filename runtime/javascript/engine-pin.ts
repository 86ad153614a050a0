// Which JavaScript engine this runtime is: exact bytes, or none. Fuel and answers are only comparable between nodes
// that run the same ones.
import { readFile } from "node:fs/promises";
import { digestOf } from "#protocol/digest.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Digest } from "#protocol/units.ts";
import { METERING_VERSION, meterModule } from "../metering/meter-module.ts";
import { ENGINE_LAYOUT, LOAD_FUEL } from "./engine-layout.ts";
import type { EngineParts, MeteredEngine, PreludeFile } from "./engine-parts.ts";
import { HOST_PRICES } from "./host-price.ts";

/** QuickJS 2025-09-13 as @jitl/quickjs-wasmfile-release-sync 0.32.0 ships it. */
export const ENGINE_WASM_DIGEST = "sha256:105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232" as Digest;
/** The web API, `prelude/*.js`. Whoever changes it finds the new digest in the context of `engine-mismatch`. */
export const PRELUDE_DIGEST = "sha256:c254e2841f8e9c627767164ec855a17f576b699923e6d4151db7d0a84dfda198" as Digest;
/** The engine after the pass. Whoever changes the pass finds the new digest by the test of this constant. */
export const METERED_ENGINE_DIGEST =
  "sha256:3b1435000bc359da5738601ae3c0f0b5be2b80f93868e75b225aef034af41a8d" as Digest;
/** Beside a bundle, since the pass takes as long as all else that a program does before it is ready. */
export const METERED_ENGINE_FILE = "engine.wasm";
/**
 * Fuel of a load or store inside the engine. A large memory alone would ask for 16, but between two accesses that the
 * guest can aim lie about a hundred instructions of the interpreter.
 */
const ENGINE_ACCESS_FUEL = 4;

/** Names everything that decides what JavaScript answers and costs: engine, web API, prices and limits. */
export const ENGINE_DIGEST = digestOf(
  new TextEncoder().encode(
    JSON.stringify([
      ENGINE_WASM_DIGEST,
      PRELUDE_DIGEST,
      ENGINE_ACCESS_FUEL,
      HOST_PRICES,
      ENGINE_LAYOUT,
      `${LOAD_FUEL}`,
    ]),
  ),
);

/** In the order in which they are evaluated: each imports only earlier ones. */
const PRELUDE_FILES = [
  "host.js",
  "dom-exception.js",
  "bytes.js",
  "text-coding.js",
  "headers.js",
  "url-search-params.js",
  "url-host.js",
  "url-parse.js",
  "url.js",
  "message.js",
  "structured-clone.js",
  "crypto.js",
  "console.js",
  "handler.js",
] as const;

/**
 * Reads engine and web API from the installed package and from `prelude/` beside this module, the engine metered.
 * @throws `engine-mismatch`
 */
export function readEngine(): Promise<MeteredEngine> {
  engine ??= readAndMeter();
  return engine;
}

/** Read once for all executors. */
let engine: Promise<MeteredEngine> | undefined;

async function readAndMeter(): Promise<MeteredEngine> {
  const wasm = await readFile(new URL(import.meta.resolve("@jitl/quickjs-wasmfile-release-sync/wasm")));
  const prelude = await Promise.all(
    PRELUDE_FILES.map(async (name) => ({
      name,
      source: new Uint8Array(await readFile(new URL(`./prelude/${name}`, import.meta.url))),
    })),
  );
  const parts = { wasm: new Uint8Array(wasm), prelude };
  requirePinned(parts);
  return { wasm: (await readMetered()) ?? meterEngine(parts.wasm), prelude, meteringVersion: METERING_VERSION };
}

export function meterEngine(wasm: Uint8Array): Uint8Array {
  return meterModule(wasm, { accessFuel: ENGINE_ACCESS_FUEL }).bytes;
}

/** A file that is missing or damaged costs time and nothing else. */
async function readMetered(): Promise<Uint8Array | undefined> {
  const bytes = await readFile(new URL(`./${METERED_ENGINE_FILE}`, import.meta.url)).catch(() => undefined);
  return bytes && digestOf(bytes) === METERED_ENGINE_DIGEST ? new Uint8Array(bytes) : undefined;
}

/** @throws `engine-mismatch` */
export function requirePinned(parts: EngineParts): void {
  const found = [digestOf(parts.wasm), preludeDigest(parts.prelude)];
  if (found[0] === ENGINE_WASM_DIGEST && found[1] === PRELUDE_DIGEST) return;
  throw new ProtocolError("internal", "engine-mismatch", "The JavaScript engine is not the pinned one; nothing runs.", {
    hint: "Install the exact packages again with `npm ci`.",
    context: { wasm: found[0], prelude: found[1] },
  });
}

/** One digest over names, lengths and sources. */
export function preludeDigest(prelude: readonly PreludeFile[]): Digest {
  return digestOf(
    Buffer.concat(prelude.flatMap(({ name, source }) => [Buffer.from(`${name} ${source.length}\n`), source])),
  );
}
