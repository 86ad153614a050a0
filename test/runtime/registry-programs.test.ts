import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withMetering } from "./metered-web-assembly.ts";

// Programs that nobody here wrote, from packages as they are published, with their own loaders.
const require = createRequire(import.meta.url);
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const TIMED_ROUNDS = 25;

interface Database {
  run(sql: string): void;
  prepare(sql: string): { run(values: readonly unknown[]): void };
  exec(sql: string): unknown;
  export(): Uint8Array;
  close(): void;
}

/** What a package does once it is loaded: the same bytes each time. */
type Program = () => Buffer;

/** SQLite: fills, indexes, asks and exports a database. */
async function loadSqlite(): Promise<Program> {
  forget("sql.js");
  const wasmBinary = readFileSync(join(modules, "sql.js/dist/sql-wasm.wasm"));
  const library = (await require("sql.js")({ wasmBinary })) as { Database: new () => Database };
  return () => {
    const database = new library.Database();
    database.run("create table t(a, b, c text); begin");
    const insert = database.prepare("insert into t values (?, ?, ?)");
    for (let row = 0; row < 5_000; row++) insert.run([row, (row * 7919) % 1009, `row${row}`]);
    database.run("commit; create index i on t(b)");
    const found = database.exec(
      "select b, count(*), sum(a), avg(a), max(c) from t group by b order by 3 desc limit 50",
    );
    const file = database.export();
    database.close();
    return Buffer.concat([Buffer.from(JSON.stringify(found)), file]);
  };
}

/** Zstandard: compresses text and gets it back. */
async function loadZstandard(): Promise<Program> {
  forget("zstd-wasm");
  const library = require("@bokuweb/zstd-wasm");
  await library.init();
  const lines = Array.from({ length: 10_000 }, (_, line) => `line ${(line * 7919) % 1009} of ${line}\n`);
  const source = Buffer.from(lines.join(""));
  return () => {
    const compressed: Uint8Array = library.compress(source, 10);
    assert.deepEqual(Buffer.from(library.decompress(compressed)), source);
    return Buffer.from(compressed);
  };
}

/** libwebp: encodes an image and decodes it again, in floating point and with vectors. */
async function loadWebp(): Promise<Program> {
  const folder = join(modules, "@jsquash/webp");
  const load = async (path: string) => {
    const { default: make } = await import(`${join(folder, `${path}.js`)}?${loads++}`);
    return make({ wasmBinary: readFileSync(join(folder, `${path}.wasm`)) });
  };
  const { defaultOptions } = await import(join(folder, "meta.js"));
  const encoder = await load("codec/enc/webp_enc");
  const vectors = await load("codec/enc/webp_enc_simd");
  const decoder = await load("codec/dec/webp_dec");
  const pixels = Uint8ClampedArray.from({ length: 128 * 128 * 4 }, (_, index) => ((index * index) >> 7) & 255);
  return () => {
    const encoded = Buffer.from(encoder.encode(pixels, 128, 128, defaultOptions));
    const again = Buffer.from(vectors.encode(pixels, 128, 128, defaultOptions));
    return Buffer.concat([encoded, again, Buffer.from(decoder.decode(encoded).data)]);
  };
}

let loads = 0;

/** Makes a package load anew. */
function forget(name: string): void {
  for (const path of Object.keys(require.cache)) if (path.includes(name)) delete require.cache[path];
}

/** What the decoder makes its result of, and browsers have. */
class ImageData {
  readonly data: Uint8ClampedArray;
  constructor(data: Uint8ClampedArray) {
    this.data = data;
  }
}
Object.assign(globalThis, { ImageData });

/** Runs `program` without chance: SQLite's loader names each database by a random number, whose length is charged. */
function withoutChance(program: Program): Buffer {
  const { random } = Math;
  Math.random = () => 0.5;
  try {
    return program();
  } finally {
    Math.random = random;
  }
}

function millisOf(program: Program): number {
  const startedAt = performance.now();
  withoutChance(program);
  return performance.now() - startedAt;
}

/** The quickest of several runs of each, taken by turns so that a busy machine slows both. */
function quickestMillis(raw: Program, metered: Program): { rawMillis: number; meteredMillis: number } {
  const rounds = Array.from({ length: TIMED_ROUNDS }, () => [millisOf(raw), millisOf(metered)] as const);
  return {
    rawMillis: Math.min(...rounds.map(([millis]) => millis)),
    meteredMillis: Math.min(...rounds.map(([, millis]) => millis)),
  };
}

for (const [title, load] of [
  ["SQLite", loadSqlite],
  ["Zstandard", loadZstandard],
  ["libwebp", loadWebp],
] as const) {
  test(`${title} gives the same bytes under metering, for the same fuel each time`, async (t) => {
    const raw = await load();
    const [metered, again] = [await withMetering(load), await withMetering(load)];
    const expected = withoutChance(raw);
    for (const { result } of [metered, again]) assert.deepEqual(withoutChance(result), expected);
    const fuel = metered.fuel();
    assert.ok(fuel > 1_000_000n);
    assert.equal(again.fuel(), fuel);
    const { rawMillis, meteredMillis } = quickestMillis(raw, metered.result);
    const overhead = Math.round((meteredMillis / rawMillis - 1) * 100);
    t.diagnostic(
      `${fuel} fuel; ${rawMillis.toFixed(1)} ms raw, ${meteredMillis.toFixed(1)} ms metered: ${overhead} % more`,
    );
  });
}
