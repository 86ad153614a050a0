// What daemon and executor say to each other, as frames. The daemon reads an executor's frames as a stranger's: a guest
// may have taken it over.
import { LIMITS } from "#protocol/limits.ts";
import { ERROR_CATEGORIES, type ErrorCategory, ProtocolError } from "#protocol/protocol-error.ts";
import { OUTCOMES } from "#protocol/usage.ts";
import type { Execution, Invocation } from "../execution.ts";
import type { ImageConfig } from "../image/image.ts";
import type { MeteredEngine } from "../javascript/engine-parts.ts";
import { FRAME_PAYLOAD_OFFSET, newFrame } from "./frame-codec.ts";

/** To the executor. */
export const TO_EXECUTOR = { engine: 1, load: 2, run: 3, unload: 4 } as const;
/** From the executor. */
export const FROM_EXECUTOR = { ready: 1, done: 2, refused: 3 } as const;

const SEED_BYTES = 32;
const RUN_HEAD_BYTES = 4 + 4 + 8 + SEED_BYTES + 8 + 4 + 4;
const DONE_HEAD_BYTES = 4 + 4 + 1 + 8 + 4 + 4 + 4;
const RESPONSE_BYTES_MAX = 4 + LIMITS.messageHeadBytes + LIMITS.messageBodyBytes;

export interface LoadMessage {
  readonly image: number;
  readonly config: ImageConfig;
  /** A view; copy it to keep it. */
  readonly layer: Uint8Array;
}

export interface RunMessage {
  readonly call: number;
  readonly image: number;
  readonly invocation: Invocation;
}

export interface DoneMessage {
  readonly call: number;
  /** Microseconds of wall time inside the executor: for scheduling only. */
  readonly micros: number;
  readonly execution: Execution;
}

/** The one who asked is told; no bill. */
export interface RefusedMessage {
  readonly call: number;
  readonly error: ProtocolError;
}

export function encodeEngine(parts: MeteredEngine): Buffer {
  const files = [{ name: "", source: parts.wasm }, ...parts.prelude];
  const head = Buffer.from(JSON.stringify(files.map(({ name, source }) => [name, source.length])));
  return encodeWithHead(
    TO_EXECUTOR.engine,
    parts.meteringVersion,
    head,
    Buffer.concat(files.map(({ source }) => source)),
  );
}

export function decodeEngine(payload: Uint8Array): MeteredEngine {
  const { id, head, rest } = decodeWithHead(payload);
  let offset = 0;
  const files = (head as [string, number][]).map(([name, length]) => {
    offset += length;
    return { name, source: rest.slice(offset - length, offset) };
  });
  return { wasm: files[0]?.source ?? new Uint8Array(0), prelude: files.slice(1), meteringVersion: id };
}

export function encodeLoad({ image, config, layer }: LoadMessage): Buffer {
  const text = JSON.stringify({ ...config, limits: { ...config.limits, fuel: config.limits.fuel.toString() } });
  return encodeWithHead(TO_EXECUTOR.load, image, Buffer.from(text), layer);
}

export function decodeLoad(payload: Uint8Array): LoadMessage {
  const { id, head, rest } = decodeWithHead(payload);
  const config = head as ImageConfig;
  return {
    image: id,
    config: { ...config, limits: { ...config.limits, fuel: BigInt(config.limits.fuel) } },
    layer: rest,
  };
}

export function encodeUnload(image: number): Buffer {
  return encodeWithHead(TO_EXECUTOR.unload, image, Buffer.from("null"), new Uint8Array(0));
}

export function decodeUnload(payload: Uint8Array): number {
  return decodeWithHead(payload).id;
}

export function encodeRun({ call, image, invocation }: RunMessage): Buffer {
  const { request, virtualTimeMillis, seed, limits } = invocation;
  const frame = newFrame(TO_EXECUTOR.run, RUN_HEAD_BYTES + request.length);
  let at = frame.writeUInt32LE(call, FRAME_PAYLOAD_OFFSET);
  at = frame.writeUInt32LE(image, at);
  at = frame.writeDoubleLE(virtualTimeMillis, at);
  frame.set(seed, at);
  at = frame.writeBigUInt64LE(limits.fuel, at + SEED_BYTES);
  at = frame.writeUInt32LE(limits.memoryPages, at);
  at = frame.writeUInt32LE(limits.responseBytes, at);
  frame.set(request, at);
  return frame;
}

export function decodeRun(payload: Uint8Array): RunMessage {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return {
    call: view.getUint32(0, true),
    image: view.getUint32(4, true),
    invocation: {
      virtualTimeMillis: view.getFloat64(8, true),
      seed: payload.slice(16, 48),
      limits: {
        fuel: view.getBigUint64(48, true),
        memoryPages: view.getUint32(56, true),
        responseBytes: view.getUint32(60, true),
      },
      request: payload.subarray(RUN_HEAD_BYTES),
    },
  };
}

export function encodeDone({ call, micros, execution }: DoneMessage): Buffer {
  const { outcome, response, usage, logs } = execution;
  const logBytes = Buffer.from(logs);
  const frame = newFrame(FROM_EXECUTOR.done, DONE_HEAD_BYTES + response.length + logBytes.length);
  let at = frame.writeUInt32LE(call, FRAME_PAYLOAD_OFFSET);
  at = frame.writeUInt32LE(Math.min(micros, 0xffffffff), at);
  at = frame.writeUInt8(OUTCOMES.indexOf(outcome), at);
  at = frame.writeBigUInt64LE(usage.fuel, at);
  at = frame.writeUInt32LE(usage.memoryPages, at);
  at = frame.writeUInt32LE(usage.events, at);
  at = frame.writeUInt32LE(response.length, at);
  frame.set(response, at);
  frame.set(logBytes, at + response.length);
  return frame;
}

/**
 * @param bytesIn of the request that the call had
 * @throws `executor-malformed`
 */
export function decodeDone(payload: Uint8Array, bytesIn: (call: number) => number): DoneMessage {
  if (payload.length < DONE_HEAD_BYTES) throw malformed("a result is cut off");
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const call = view.getUint32(0, true);
  const outcome = OUTCOMES[view.getUint8(8)];
  const responseBytes = view.getUint32(25, true);
  const logBytes = payload.length - DONE_HEAD_BYTES - responseBytes;
  if (outcome === undefined) throw malformed("a result has no known outcome");
  if (responseBytes > RESPONSE_BYTES_MAX || logBytes < 0 || logBytes > LIMITS.jobLogBytes + 1024) {
    throw malformed("a result has impossible lengths");
  }
  const response = payload.slice(DONE_HEAD_BYTES, DONE_HEAD_BYTES + responseBytes);
  const usage = {
    fuel: view.getBigUint64(9, true),
    memoryPages: view.getUint32(17, true),
    bytesIn: bytesIn(call),
    bytesOut: responseBytes,
    events: view.getUint32(21, true),
  };
  const logs = Buffer.from(payload.subarray(DONE_HEAD_BYTES + responseBytes)).toString();
  return { call, micros: view.getUint32(4, true), execution: { outcome, response, usage, logs } };
}

export function encodeRefused({ call, error }: RefusedMessage): Buffer {
  const { category, code, message, hint } = error;
  const head = Buffer.from(JSON.stringify({ category, code, message: message.slice(0, 2_000), hint }));
  return encodeWithHead(FROM_EXECUTOR.refused, call, head, new Uint8Array(0));
}

/** @throws `executor-malformed` */
export function decodeRefused(payload: Uint8Array): RefusedMessage {
  const { id, head } = decodeWithHead(payload);
  const { category, code, message, hint } = (head ?? {}) as Partial<Record<string, unknown>>;
  if (typeof code !== "string" || typeof message !== "string") throw malformed("a refusal says nothing");
  const known = typeof category === "string" && Object.hasOwn(ERROR_CATEGORIES, category) ? category : "internal";
  const error = new ProtocolError(known as ErrorCategory, code, message, {
    ...(typeof hint === "string" && { hint }),
  });
  return { call: id, error };
}

export function encodeReady(): Buffer {
  return newFrame(FROM_EXECUTOR.ready, 0);
}

/** `u32 id, u32 head length, head as JSON, rest`. */
function encodeWithHead(type: number, id: number, head: Uint8Array, rest: Uint8Array): Buffer {
  const frame = newFrame(type, 8 + head.length + rest.length);
  let at = frame.writeUInt32LE(id, FRAME_PAYLOAD_OFFSET);
  at = frame.writeUInt32LE(head.length, at);
  frame.set(head, at);
  frame.set(rest, at + head.length);
  return frame;
}

function decodeWithHead(payload: Uint8Array): { id: number; head: unknown; rest: Uint8Array } {
  if (payload.length < 8) throw malformed("a message is cut off");
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const headEnd = 8 + view.getUint32(4, true);
  if (headEnd > payload.length) throw malformed("a message is cut off");
  try {
    const head: unknown = JSON.parse(Buffer.from(payload.subarray(8, headEnd)).toString());
    return { id: view.getUint32(0, true), head, rest: payload.subarray(headEnd) };
  } catch (cause) {
    throw malformed("a message's head is not JSON", cause);
  }
}

function malformed(what: string, cause?: unknown): ProtocolError {
  return new ProtocolError("internal", "executor-malformed", `An executor spoke nonsense: ${what}.`, { cause });
}
