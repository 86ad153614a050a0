// One executor process seen from the daemon: what is loaded in it, which calls are under way, and whether it still
// answers. It decides nothing about other executors.
import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { IsolationClass } from "#protocol/isolation.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Image } from "../image/image.ts";
import type { MeteredEngine } from "../javascript/engine-parts.ts";
import type { Call } from "./call.ts";
import { type Frame, FrameReader } from "./frame-codec.ts";
import { type ExecutorCode, launchExecutor } from "./launch-executor.ts";
import { EXECUTOR_LIMITS } from "./limits.ts";
import {
  decodeDone,
  decodeRefused,
  encodeEngine,
  encodeLoad,
  encodeRun,
  encodeUnload,
  FROM_EXECUTOR,
} from "./messages.ts";

/** Errors kept of a dying executor, for the message that names its end. */
const ERROR_TEXT_BYTES = 2_000;
const WATCH_MILLIS = 250;

export interface ExecutorOptions {
  readonly code: ExecutorCode;
  readonly isolation: IsolationClass;
  readonly engine: MeteredEngine;
  /** Wall time that any call gets, however little fuel it has. */
  readonly watchdogFloorMillis: number;
}

export interface ExecutorEvents {
  /** A call has ended; `micros` is its wall time, undefined where it was refused. */
  answered(executor: ExecutorProcess, call: Call, micros: number | undefined): void;
  /** The process is gone; its unanswered calls are in `lost`, in the order in which they were sent. */
  ended(executor: ExecutorProcess, lost: readonly Call[], reason: string): void;
}

export class ExecutorProcess {
  readonly #options: ExecutorOptions;
  readonly #child: ChildProcess;
  readonly #stdin: Writable;
  readonly #events: ExecutorEvents;
  readonly #reader = new FrameReader();
  readonly #calls = new Map<number, Call>();
  /** Image digest to the number by which the executor knows it, least recently used first. */
  readonly #images = new Map<string, number>();
  readonly #ready = Promise.withResolvers<void>();
  #outgoing: Buffer[] = [];
  readonly #watchdog: NodeJS.Timeout;
  /** When the process must have answered next; it works on one call at a time, so the oldest sets it. */
  #answerBy = performance.now() + EXECUTOR_LIMITS.startMillis;
  #isLate = false;
  #isRetired = false;
  #hasSuspect = false;
  #nextNumber = 1;
  #errorText = "";
  #endReason: string | undefined;
  #hasEnded = false;
  /** Whether it has ever taken calls. */
  isReady = false;
  answeredCalls = 0;
  inFlightBytes = 0;
  inFlightMicros = 0;
  inFlightBatchCalls = 0;

  constructor(options: ExecutorOptions, events: ExecutorEvents) {
    this.#events = events;
    this.#options = options;
    this.#child = launchExecutor(options.code, options.isolation);
    const { stdin, stdout, stderr } = this.#child as { stdin: Writable; stdout: Readable; stderr: Readable };
    this.#stdin = stdin;
    // A write to a process that has just died; its exit tells the same.
    stdin.on("error", () => undefined);
    stdout.on("data", (chunk: Buffer) => this.#receive(chunk));
    stderr.on("data", (chunk: Buffer) => {
      this.#errorText = `${this.#errorText}${chunk.toString()}`.slice(-ERROR_TEXT_BYTES);
    });
    this.#child.on("error", (error) => this.#end(error.message));
    this.#child.on("close", (code, signal) => this.#end(`it ended with ${signal ?? `code ${code}`}`));
    this.#ready.promise.catch(() => undefined);
    this.#send(encodeEngine(options.engine));
    this.#watchdog = setInterval(() => this.#watch(), WATCH_MILLIS).unref();
  }

  get inFlightCalls(): number {
    return this.#calls.size;
  }

  get hasEnded(): boolean {
    return this.#endReason !== undefined;
  }

  /** Rejects where the process ends before it can take calls. */
  whenReady(): Promise<void> {
    return this.#ready.promise;
  }

  worksOn(call: Call): boolean {
    return [...this.#calls.values()].includes(call);
  }

  /** Whether the call may be sent now: at once to an idle process, ahead only within the limits. */
  hasRoomFor(call: Call): boolean {
    if (!this.isReady || this.#isRetired || this.hasEnded) return false;
    if (this.#calls.size === 0) return true;
    if (call.isSuspect || this.#hasSuspect) return false;
    return (
      this.#calls.size < EXECUTOR_LIMITS.inFlightCalls &&
      this.inFlightMicros + call.expectedMicros <= EXECUTOR_LIMITS.aheadMillis * 1000 &&
      this.inFlightBytes + call.invocation.request.length <= EXECUTOR_LIMITS.inFlightBytes
    );
  }

  holds(image: Image): boolean {
    return this.#images.has(image.digest);
  }

  run(call: Call): void {
    const image = this.#numberOf(call.image);
    const id = this.#nextNumber++;
    this.#calls.set(id, call);
    this.#count(call, 1);
    this.#hasSuspect = call.isSuspect;
    this.#send(encodeRun({ call: id, image, invocation: call.invocation }));
    if (this.#calls.size === 1) this.#expectAnswer(call);
  }

  /** Kills the process; its end is told as an event. */
  kill(reason: string): void {
    this.#endReason ??= reason;
    this.#child.kill("SIGKILL");
  }

  /** The process ends by itself once it has answered its calls. */
  retire(): void {
    this.#flush();
    this.#isRetired = true;
    this.#stdin.end();
  }

  #numberOf(image: Image): number {
    const known = this.#images.get(image.digest);
    if (known !== undefined) {
      this.#images.delete(image.digest);
      this.#images.set(image.digest, known);
      return known;
    }
    const [oldest] = this.#images;
    if (oldest && this.#images.size >= EXECUTOR_LIMITS.loadedImages) {
      this.#images.delete(oldest[0]);
      this.#send(encodeUnload(oldest[1]));
    }
    const number = this.#nextNumber++;
    this.#images.set(image.digest, number);
    this.#send(encodeLoad({ image: number, config: image.config, layer: image.layer }));
    return number;
  }

  /** Frames of one turn of the event loop go out in one write. */
  #send(frame: Buffer): void {
    this.#outgoing.push(frame);
    if (this.#outgoing.length > 1) return;
    if (this.#calls.size > 1) setImmediate(() => this.#flush());
    else queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const frames = this.#outgoing;
    if (frames.length === 0 || this.hasEnded) return;
    this.#outgoing = [];
    this.#stdin.write(frames.length === 1 ? frames[0] : Buffer.concat(frames));
  }

  #receive(chunk: Buffer): void {
    if (this.hasEnded) return;
    try {
      for (const frame of this.#reader.push(chunk)) this.#handle(frame);
    } catch (error) {
      this.kill(error instanceof Error ? error.message : String(error));
    }
  }

  #handle({ type, payload }: Frame): void {
    if (type === FROM_EXECUTOR.ready) {
      this.#expectAnswer(undefined);
      this.isReady = true;
      this.#ready.resolve();
    } else if (type === FROM_EXECUTOR.done) {
      const done = decodeDone(payload, (id) => this.#calls.get(id)?.invocation.request.length ?? 0);
      this.#settle(done.call, done.micros, (call) => call.resolve(done.execution));
    } else if (type === FROM_EXECUTOR.refused) {
      const { call: id, error } = decodeRefused(payload);
      this.#settle(id, undefined, (call) => call.reject(error));
    } else throw new ProtocolError("internal", "executor-malformed", `It sent a message of type ${type}.`);
  }

  #settle(id: number, micros: number | undefined, settle: (call: Call) => void): void {
    const call = this.#calls.get(id);
    if (call === undefined) {
      throw new ProtocolError("internal", "executor-malformed", "It answered a call that it was not asked.");
    }
    this.#calls.delete(id);
    this.#count(call, -1);
    this.answeredCalls += 1;
    this.#expectAnswer(this.#calls.values().next().value);
    settle(call);
    this.#events.answered(this, call, micros);
  }

  #count(call: Call, sign: 1 | -1): void {
    this.inFlightBytes += sign * call.invocation.request.length;
    this.inFlightMicros += sign * call.expectedMicros;
    if (call.lane === "batch") this.inFlightBatchCalls += sign;
  }

  #expectAnswer(next: Call | undefined): void {
    this.#answerBy = next === undefined ? Number.POSITIVE_INFINITY : performance.now() + this.#millisFor(next);
    this.#isLate = false;
  }

  #millisFor({ invocation }: Call): number {
    return this.#options.watchdogFloorMillis + Number(invocation.limits.fuel / EXECUTOR_LIMITS.watchdogFuelPerMilli);
  }

  /** Late twice in a row: once may only mean that the daemon itself was busy and has not read the answer yet. */
  #watch(): void {
    if (performance.now() < this.#answerBy) return;
    if (this.#isLate) this.kill("it did not answer in time");
    this.#isLate = true;
  }

  #end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#endReason ??= reason;
    clearInterval(this.#watchdog);
    const lost = [...this.#calls.values()];
    this.#calls.clear();
    const text = [this.#endReason, this.#errorText.trim()].filter(Boolean).join("; ");
    this.#ready.reject(
      new ProtocolError("internal", "executor-failed", `An executor could not start: ${text}`, { retryable: true }),
    );
    this.#events.ended(this, lost, text);
  }
}
