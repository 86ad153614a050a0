// The engine's values seen from the host: how text, bytes and calls go in and out of one QuickJS context.
import { isAscii, isUtf8 } from "node:buffer";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { GuestAbort } from "../instance/guest-signals.ts";
import type { QuickjsExports } from "./quickjs-exports.ts";

/** What drives the engine's WebAssembly: memory and the meter belong to the instance, not to this lane. */
export interface EngineMachine {
  readonly engine: QuickjsExports;
  /** The memory as it is now; a view must not be kept over a call into the engine. */
  memory(): Uint8Array<ArrayBuffer>;
  /** Of the same memory, with the same bound. */
  view(): DataView;
}

/** Address of a value inside the engine. */
export type Value = number;

const MODULE_FLAG = 1;
const ALL_JOBS = -1;
const VALUE_BYTES = 8;
/** High halves of a value, as this build boxes them. */
const TAG = { string: -7, rope: -6, object: -1, exception: 6 } as const;
/** Of a text that is only shown. */
const TEXT_BYTES_MAX = 65_536;
const BINARY_JSON_STRING = [5, 0, 7] as const;
/** A string's length lies this far before its characters. */
const STRING_LENGTH_OFFSET = 12;
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

export type PromiseState = "pending" | "fulfilled" | "rejected";

export class Quickjs {
  readonly #machine: EngineMachine;
  readonly #runtime: number;
  readonly #context: number;

  private constructor(machine: EngineMachine, runtime: number, context: number) {
    this.#machine = machine;
    this.#runtime = runtime;
    this.#context = context;
  }

  /** Starts the engine in a fresh memory. */
  static start(machine: EngineMachine, stackBytes: number): Quickjs {
    const { engine } = machine;
    engine.initialise();
    const runtime = engine.newRuntime();
    engine.setMaxStackSize(runtime, stackBytes);
    const context = engine.newContext(runtime, 0);
    if (runtime === 0 || context === 0) throw new ProtocolError("internal", "engine-failed", "QuickJS did not start.");
    return new Quickjs(machine, runtime, context);
  }

  /** The same context over another machine whose memory has been restored to this one's snapshot. */
  over(machine: EngineMachine): Quickjs {
    return new Quickjs(machine, this.#runtime, this.#context);
  }

  /** Evaluates an ES module. The result is its namespace, a promise of it, or an exception. */
  evaluateModule(source: Uint8Array, fileName: string): Value {
    const { engine } = this.#machine;
    const text = this.#allocate(source, 1);
    const name = this.#allocate(Buffer.from(fileName), 1);
    const result = engine.evaluate(this.#context, text, source.length, name, 0, MODULE_FLAG);
    engine.free(text);
    engine.free(name);
    return result;
  }

  /** Defines a function whose calls arrive at the host's import under that id. */
  newFunction(id: number, name: string): Value {
    const text = this.#allocate(Buffer.from(name), 1);
    const value = this.#machine.engine.newFunction(this.#context, text, 0, 0, id);
    this.#machine.engine.free(text);
    return value;
  }

  newObject(): Value {
    return this.#machine.engine.newObject(this.#context);
  }

  globalObject(): Value {
    return this.#machine.engine.globalObject(this.#context);
  }

  setProperty(target: Value, name: string, value: Value): void {
    const key = this.newText(Buffer.from(name));
    this.#machine.engine.setProperty(this.#context, target, key, value);
    this.free(key);
  }

  call(callee: Value, ...parameters: readonly Value[]): Value {
    const { engine } = this.#machine;
    const pointers = engine.malloc(4 * Math.max(1, parameters.length));
    const view = this.#machine.view();
    parameters.forEach((value, index) => {
      view.setUint32(pointers + 4 * index, value, true);
    });
    const result = engine.call(this.#context, callee, engine.undefinedValue(), parameters.length, pointers);
    engine.free(pointers);
    return result;
  }

  /** Runs the promise queue until it is empty; a job that throws does not stop the others. */
  runJobs(): void {
    const { engine } = this.#machine;
    while (engine.isJobPending(this.#runtime) !== 0) {
      const lastContext = engine.malloc(4);
      this.free(engine.executePendingJob(this.#runtime, ALL_JOBS, lastContext));
      engine.free(lastContext);
    }
  }

  /** A string of the engine from UTF-8 text, or from text of the host. */
  newText(text: Uint8Array | string): Value {
    const { engine } = this.#machine;
    const plain = typeof text === "string" ? Buffer.from(text) : text;
    if (isAscii(plain) && !plain.includes(0)) {
      const start = this.#allocate(plain, 1);
      const value = engine.newString(this.#context, start);
      engine.free(start);
      return value;
    }
    const encoded = this.newBuffer(binaryJsonString(text));
    const value = engine.decodeBinaryJson(this.#context, encoded);
    this.free(encoded);
    return value;
  }

  /**
   * UTF-8 of the value's string form, at most its first `bytesMax`; a lone surrogate becomes U+FFFD. `announce` is told
   * the whole length before anything is copied. Undefined where the conversion throws.
   */
  readText(
    value: Value,
    bytesMax: number = TEXT_BYTES_MAX,
    announce?: (bytes: number) => void,
  ): Uint8Array<ArrayBuffer> | undefined {
    const { engine } = this.#machine;
    const start = engine.string(this.#context, value);
    if (start === 0) return undefined;
    const length = this.#machine.view().getUint32(start - STRING_LENGTH_OFFSET, true) & 0x7fffffff;
    announce?.(length);
    const bytes = this.#machine.memory().slice(start, start + Math.min(length, bytesMax));
    engine.freeString(this.#context, start);
    return replaceSurrogates(bytes);
  }

  /** An ArrayBuffer of the engine with a copy of `bytes`. */
  newBuffer(bytes: Uint8Array): Value {
    return this.#machine.engine.newArrayBuffer(this.#context, this.#allocate(bytes, 0), bytes.length);
  }

  /**
   * A copy of an ArrayBuffer. `announce` is told the length before anything is copied. Undefined where the value is no
   * ArrayBuffer.
   */
  readBuffer(value: Value, announce: (bytes: number) => void): Uint8Array<ArrayBuffer> | undefined {
    const { engine } = this.#machine;
    if (this.#tagOf(value) !== TAG.object) return undefined;
    const length = engine.arrayBufferLength(this.#context, value);
    announce(length);
    const start = engine.arrayBuffer(this.#context, value);
    if (start === 0) return undefined;
    const bytes = this.#machine.memory().slice(start, start + length);
    engine.free(start);
    return bytes;
  }

  readNumber(value: Value): number {
    return this.#machine.engine.float64(this.#context, value);
  }

  /** The address of the argument at `index` of a call to the host. */
  argument(list: number, index: number): Value {
    return list + VALUE_BYTES * index;
  }

  isException(value: Value): boolean {
    return this.#tagOf(value) === TAG.exception;
  }

  isString(value: Value): boolean {
    const tag = this.#tagOf(value);
    return tag === TAG.string || tag === TAG.rope;
  }

  /** The pending exception's text, which is taken out of the engine. */
  takeException(exception: Value): string {
    const error = this.#machine.engine.resolveException(this.#context, exception);
    if (error === 0) return "unknown error";
    const text = this.readText(error);
    this.free(error);
    return text === undefined ? "unknown error" : Buffer.from(text).toString();
  }

  /** Makes the call to the host that is under way throw an Error in the guest. */
  throwError(message: string): Value {
    const error = this.#machine.engine.newError(this.#context);
    const text = this.newText(message);
    this.setProperty(error, "message", text);
    this.free(text);
    const exception = this.#machine.engine.throwValue(this.#context, error);
    this.free(error);
    return exception;
  }

  /** Undefined where the value is no promise. */
  promiseState(value: Value): PromiseState | undefined {
    if (this.#tagOf(value) !== TAG.object) return undefined;
    return ([undefined, "pending", "fulfilled", "rejected"] as const)[
      this.#machine.engine.promiseState(this.#context, value) + 1
    ];
  }

  promiseResult(promise: Value): Value {
    return this.#machine.engine.promiseResult(this.#context, promise);
  }

  duplicate(value: Value): Value {
    return this.#machine.engine.duplicateValue(this.#context, value);
  }

  free(value: Value): void {
    this.#machine.engine.freeValue(this.#context, value);
  }

  #tagOf(value: Value): number {
    return this.#machine.view().getInt32(value + 4, true);
  }

  /** @throws GuestAbort */
  #allocate(bytes: Uint8Array, zeros: number): number {
    const start = this.#machine.engine.malloc(bytes.length + Math.max(zeros, 1));
    if (start === 0) throw new GuestAbort("The microservice's memory is full.");
    const memory = this.#machine.memory();
    memory.set(bytes, start);
    memory.fill(0, start + bytes.length, start + bytes.length + zeros);
    return start;
  }
}

/** The engine's own binary form of a string: the only way in that keeps NUL and costs one copy. */
function binaryJsonString(text: Uint8Array | string): Uint8Array {
  const decoded = typeof text === "string" ? text : utf8.decode(text);
  const wide = /[^\0-\xff]/.test(decoded);
  const bytes = Buffer.from(decoded, wide ? "utf16le" : "latin1");
  const head: number[] = [...BINARY_JSON_STRING];
  let rest = (wide ? bytes.length / 2 : bytes.length) * 2 + (wide ? 1 : 0);
  for (; rest > 127; rest = Math.floor(rest / 128)) head.push((rest % 128) | 128);
  head.push(rest);
  const encoded = new Uint8Array(head.length + bytes.length);
  encoded.set(head);
  encoded.set(bytes, head.length);
  return encoded;
}

/** The engine writes a lone surrogate as three bytes that are not UTF-8: ED, A0 to BF, and a third. */
function replaceSurrogates(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (isUtf8(bytes)) return bytes;
  for (let at = 0; at + 2 < bytes.length; at++) {
    if (bytes[at] === 0xed && (bytes[at + 1] ?? 0) >= 0xa0) bytes.set([0xef, 0xbf, 0xbd], at);
  }
  return bytes;
}
