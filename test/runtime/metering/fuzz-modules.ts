// Test instrument: valid modules made by binaryen's fuzzer from seeded bytes, so that every run sees the same ones.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compileFunction } from "node:vm";

const SCALAR = [
  "-mvp",
  "--enable-mutable-globals",
  "--enable-sign-ext",
  "--enable-nontrapping-float-to-int",
  "--enable-bulk-memory-opt",
  "--enable-multivalue",
];

/** `scalar`: what the interpreter of these tests knows. */
const FEATURES = {
  scalar: SCALAR,
  all: [
    ...SCALAR,
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-reference-types",
    "--enable-tail-call",
    "--enable-extended-const",
  ],
} as const;

/** Runs wasm-opt in this process: starting it anew for each module would take ten times as long. */
export class Fuzzer implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "mimik-fuzz-"));
  readonly #main: (args: string[]) => number;

  constructor(main: (args: string[]) => number) {
    this.#main = main;
  }

  static async load(): Promise<Fuzzer> {
    const require = createRequire(import.meta.url);
    const path = join(dirname(require.resolve("binaryen")), "bin", "wasm-opt");
    const source = readFileSync(path, "utf8").replace(/^#!.*\n/, "");
    const start = "createWasm().then(()=>run());";
    if (!source.includes(start)) throw new Error("This version of binaryen starts wasm-opt in another way.");
    const held = "module.exports.ready=createWasm().then(()=>{preRun();initRuntime();module.exports.main=callMain});";
    const module: { exports: { ready?: Promise<void>; main?: (args: string[]) => number } } = { exports: {} };
    const quiet = Object.create(process, {
      argv: { value: ["node", "wasm-opt"] },
      exitCode: { value: 0, writable: true },
    });
    const run = compileFunction(source.replace(start, held), [
      "module",
      "require",
      "process",
      "__filename",
      "__dirname",
      "console",
    ]);
    run(module, createRequire(path), quiet, path, dirname(path), { ...console, warn() {}, error() {}, log() {} });
    await module.exports.ready;
    if (!module.exports.main) throw new Error("wasm-opt did not load.");
    return new Fuzzer(module.exports.main);
  }

  /** One module from `size` seeded bytes. `denan`: no operation gives a NaN, so that engines agree without the pass. */
  make(seed: number, size: number, denan: boolean, features: keyof typeof FEATURES = "all"): Uint8Array {
    const input = join(this.#directory, "input");
    const output = join(this.#directory, "output.wasm");
    writeFileSync(input, seededBytes(seed, size));
    this.#main([input, "-ttf", "-o", output, ...FEATURES[features], denan ? "--denan" : "--strip-debug"]);
    return readFileSync(output);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }
}

export function seededBytes(seed: number, size: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, block) => {
    return createHash("sha256").update(`${seed}/${block}`).digest();
  });
  return Buffer.concat(blocks).subarray(0, size);
}
