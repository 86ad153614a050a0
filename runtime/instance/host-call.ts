// What one call gives to host functions and takes from them: request, response, log, clock and randomness.
import type { RequestMessage } from "#protocol/message.ts";
import { seededRandom } from "../seeded-random.ts";
import { LogBuffer } from "./log-buffer.ts";

const NO_SEED = new Uint8Array(32);
const NO_REQUEST: RequestMessage = { method: "GET", url: "/", headers: [], body: new Uint8Array() };

export class HostCall {
  readonly request: RequestMessage;
  readonly virtualTimeMillis: number;
  readonly log: LogBuffer;
  /** Bytes that the response's body may have. */
  readonly #bodyBytesMax: number;
  readonly #seed: Uint8Array;
  #random: ((length: number) => Uint8Array) | undefined;
  #body: Uint8Array[] = [];
  #bodyBytes = 0;
  /** Calls from the microservice to its host. */
  events = 0;
  status = 200;
  readonly headers: (readonly [string, string])[] = [];
  /** Encoded parts of the request, made when first asked for. */
  readonly parts = new Map<string, Uint8Array>();

  constructor(
    request: RequestMessage,
    virtualTimeMillis: number,
    seed: Uint8Array,
    limits: { body: number; log: number },
  ) {
    this.request = request;
    this.virtualTimeMillis = virtualTimeMillis;
    this.#seed = seed;
    this.#bodyBytesMax = limits.body;
    this.log = new LogBuffer(limits.log);
  }

  /** The surroundings of a module's start: no request, time zero, a seed of zeros, so that it is the same everywhere. */
  static atLoad(): HostCall {
    return new HostCall(NO_REQUEST, 0, NO_SEED, { body: 0, log: 0 });
  }

  random(length: number): Uint8Array {
    this.#random ??= seededRandom(this.#seed);
    return this.#random(length);
  }

  /** Appends a copy to the response's body; false where it would be too large. */
  write(bytes: Uint8Array): boolean {
    if (this.#bodyBytes + bytes.length > this.#bodyBytesMax) return false;
    this.#body.push(bytes.slice());
    this.#bodyBytes += bytes.length;
    return true;
  }

  body(): Uint8Array {
    const [only, ...more] = this.#body;
    return only && more.length === 0 ? only : Buffer.concat(this.#body);
  }
}
