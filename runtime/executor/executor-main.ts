// The executor process: reads calls from stdin, runs them one after another, writes results to stdout. It has no keys,
// no network and no files, and ends when its daemon does.
import { readSync, writeSync } from "node:fs";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Program } from "../program.ts";
import { type Frame, FrameReader } from "./frame-codec.ts";
import {
  decodeEngine,
  decodeLoad,
  decodeRun,
  decodeUnload,
  encodeDone,
  encodeReady,
  encodeRefused,
  TO_EXECUTOR,
} from "./messages.ts";
import { ProgramLoader } from "./program-loader.ts";

const STDIN = 0;
const STDOUT = 1;
const READ_BYTES = 256 * 1024;
/** Results are written together, but no finished one waits longer than this for the next. */
const HOLD_MICROS = 500;

class Executor {
  readonly #loader = new ProgramLoader();
  /** A program that could not be loaded answers each of its calls with the reason. */
  readonly #programs = new Map<number, Program | ProtocolError>();
  #results: Buffer[] = [];
  #heldSince = 0;

  handle({ type, payload }: Frame): void {
    if (type === TO_EXECUTOR.run) this.#run(payload);
    else if (type === TO_EXECUTOR.load) this.#load(payload);
    else if (type === TO_EXECUTOR.unload) this.#unload(decodeUnload(payload));
    else if (type === TO_EXECUTOR.engine) {
      this.#loader.start(decodeEngine(payload));
      this.#answer(encodeReady());
    } else throw new ProtocolError("internal", "executor-malformed", `There is no message of type ${type}.`);
  }

  flush(): void {
    if (this.#results.length === 0) return;
    const bytes = this.#results.length === 1 ? (this.#results[0] as Buffer) : Buffer.concat(this.#results);
    this.#results = [];
    for (let written = 0; written < bytes.length; ) written += writeSync(STDOUT, bytes, written);
  }

  #load(payload: Uint8Array): void {
    const { image, config, layer } = decodeLoad(payload);
    try {
      this.#programs.set(image, this.#loader.load(config, layer));
    } catch (error) {
      this.#programs.set(image, asProtocolError(error));
    }
  }

  #unload(image: number): void {
    const program = this.#programs.get(image);
    this.#programs.delete(image);
    if (program && !(program instanceof ProtocolError)) program[Symbol.dispose]();
  }

  #run(payload: Uint8Array): void {
    const { call, image, invocation } = decodeRun(payload);
    const start = microsNow();
    if (this.#results.length > 0 && start - this.#heldSince > HOLD_MICROS) this.flush();
    const program = this.#programs.get(image);
    try {
      if (program === undefined) throw new ProtocolError("internal", "image-not-loaded", "The image is not loaded.");
      if (program instanceof ProtocolError) throw program;
      const execution = program.run(invocation);
      this.#answer(encodeDone({ call, micros: Math.round(microsNow() - start), execution }));
    } catch (error) {
      this.#answer(encodeRefused({ call, error: asProtocolError(error) }));
    }
  }

  #answer(frame: Buffer): void {
    if (this.#results.length === 0) this.#heldSince = microsNow();
    this.#results.push(frame);
  }
}

function microsNow(): number {
  return performance.now() * 1000;
}

function asProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const what = error instanceof Error ? error.message : String(error);
  return new ProtocolError("internal", "host-fault", `The executor failed: ${what}`, { retryable: true, cause: error });
}

/** Serves until the daemon closes the stream. Blocking reads: there is nothing else to do here, and no faster way. */
function serve(): void {
  const executor = new Executor();
  const reader = new FrameReader();
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (;;) {
    const length = readSync(STDIN, buffer);
    if (length === 0) return;
    for (const frame of reader.push(buffer.subarray(0, length))) executor.handle(frame);
    executor.flush();
  }
}

serve();
