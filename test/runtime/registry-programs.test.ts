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

interface Database {
  run(sql: string): void;
  prepare(sql: string): { run(values: readonly unknown[]): void };
  exec(sql: string): unknown;
  export(): Uint8Array;
}

/** SQLite: fills, indexes, asks and exports a database. */
async function sqlite(): Promise<Buffer> {
  forget("sql.js");
  const wasmBinary = readFileSync(join(modules, "sql.js/dist/sql-wasm.wasm"));
  const library = (await require("sql.js")({ wasmBinary })) as { Database: new () => Database };
  const database = new library.Database();
  database.run("create table t(a, b, c text); begin");
  const insert = database.prepare("insert into t values (?, ?, ?)");
  for (let row = 0; row < 5_000; row++) insert.run([row, (row * 7919) % 1009, `row${row}`]);
  database.run("commit; create index i on t(b)");
  const found = database.exec("select b, count(*), sum(a), avg(a), max(c) from t group by b order by 3 desc limit 50");
  return Buffer.concat([Buffer.from(JSON.stringify(found)), database.export()]);
}

/** Zstandard: compresses text and gets it back. */
async function zstandard(): Promise<Buffer> {
  forget("zstd-wasm");
  const library = require("@bokuweb/zstd-wasm");
  await library.init();
  const lines = Array.from({ length: 10_000 }, (_, line) => `line ${(line * 7919) % 1009} of ${line}\n`);
  const source = Buffer.from(lines.join(""));
  const compressed: Uint8Array = library.compress(source, 10);
  assert.deepEqual(Buffer.from(library.decompress(compressed)), source);
  return Buffer.from(compressed);
}

/** libwebp: encodes an image and decodes it again, in floating point and with vectors. */
async function webp(): Promise<Buffer> {
  const folder = join(modules, "@jsquash/webp");
  const load = async (path: string) => {
    const { default: make } = await import(`${join(folder, `${path}.js`)}?${loads++}`);
    return make({ wasmBinary: readFileSync(join(folder, `${path}.wasm`)) });
  };
  const { defaultOptions } = await import(join(folder, "meta.js"));
  const [encoder, vectors, decoder] = [
    await load("codec/enc/webp_enc"),
    await load("codec/enc/webp_enc_simd"),
    await load("codec/dec/webp_dec"),
  ];
  const pixels = Uint8ClampedArray.from({ length: 128 * 128 * 4 }, (_, index) => ((index * index) >> 7) & 255);
  const encoded = Buffer.from(encoder.encode(pixels, 128, 128, defaultOptions));
  const again = Buffer.from(vectors.encode(pixels, 128, 128, defaultOptions));
  return Buffer.concat([encoded, again, Buffer.from(decoder.decode(encoded).data)]);
}

let loads = 0;

/** Makes a package load anew. */
function forget(name: string): void {
  for (const path of Object.keys(require.cache)) if (path.includes(name)) delete require.cache[path];
}

function missing(name: string): string | false {
  try {
    readFileSync(join(modules, name, "package.json"));
    return false;
  } catch {
    return `install it with: npm install --save-dev ${name}`;
  }
}

/** What the decoder makes its result of, and browsers have. */
class ImageData {
  readonly data: Uint8ClampedArray;
  constructor(data: Uint8ClampedArray) {
    this.data = data;
  }
}
Object.assign(globalThis, { ImageData });

async function userMillis<T>(work: () => Promise<T>): Promise<{ result: T; millis: number }> {
  const before = process.cpuUsage();
  const result = await work();
  return { result, millis: process.cpuUsage(before).user / 1000 };
}

for (const [title, name, program] of [
  ["SQLite", "sql.js", sqlite],
  ["Zstandard", "@bokuweb/zstd-wasm", zstandard],
  ["libwebp", "@jsquash/webp", webp],
] as const) {
  test(`${title} gives the same bytes under metering, for the same fuel each time`, {
    skip: missing(name),
  }, async (t) => {
    await program();
    const raw = await userMillis(program);
    const metered = await withMetering(program);
    const again = await userMillis(() => withMetering(program));
    assert.deepEqual(metered.result, raw.result);
    assert.deepEqual(again.result, metered);
    assert.ok(metered.fuel > 1_000_000n);
    t.diagnostic(
      `${metered.fuel} fuel; ${raw.millis} ms raw, ${again.millis} ms metered, loading and the pass included`,
    );
  });
}
