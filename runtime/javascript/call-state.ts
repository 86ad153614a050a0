// What one call leaves behind beside its fuel: its answer or failure, log, events and the position in its randomness.
import { LIMITS } from "#protocol/limits.ts";
import { encodeResponse, type Headers } from "#protocol/message.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { oneMoreEvent } from "../event-limit.ts";
import { LogBuffer } from "../instance/log-buffer.ts";
import { seededRandom } from "../seeded-random.ts";
import type { Value } from "./quickjs.ts";

export interface InstalledHandler {
  readonly open: Value;
  readonly dispatch: Value;
}

export class CallState {
  readonly virtualTimeMillis: number;
  /** Of the call's own request, until the guest asks for it. */
  readonly requestBody: Uint8Array;
  readonly #responseBytesMax: number;
  readonly #seed: Uint8Array | undefined;
  #random: ((length: number) => Uint8Array) | undefined;
  readonly #log = new LogBuffer(LIMITS.jobLogBytes);
  events = 0;
  /** Encoded by the protocol. */
  response: Uint8Array | undefined;
  failure: string | undefined;
  handler: InstalledHandler | undefined;

  /** Without a seed there is no randomness: the source is being loaded. */
  constructor(
    virtualTimeMillis: number,
    responseBytesMax: number,
    seed?: Uint8Array,
    requestBody: Uint8Array = new Uint8Array(),
  ) {
    this.requestBody = requestBody;
    this.virtualTimeMillis = virtualTimeMillis;
    this.#responseBytesMax = responseBytesMax;
    this.#seed = seed;
  }

  get isAnswered(): boolean {
    return this.response !== undefined || this.failure !== undefined;
  }

  get logs(): string {
    return this.#log.text();
  }

  /** Lines past the limit are dropped, but still count as events. */
  log(line: string): void {
    this.countEvent();
    this.#log.line(line);
  }

  /** @throws GuestAbort past the limit of events */
  countEvent(): void {
    this.events = oneMoreEvent(this.events);
  }

  /** The first answer stands. The head is the JSON array `[status, headers]`. */
  respond(head: string, body: Uint8Array): void {
    if (this.isAnswered) return;
    try {
      const [status, headers] = JSON.parse(head) as [number, Headers];
      const response = encodeResponse({ status, headers, body });
      if (response.length > this.#responseBytesMax) {
        this.fail(`The response has ${response.length} bytes, the limit is ${this.#responseBytesMax}`);
      } else this.response = response;
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof SyntaxError || error instanceof TypeError)) throw error;
      this.fail(error.message);
    }
  }

  fail(reason: string): void {
    if (this.isAnswered) return;
    this.failure = reason;
    this.#log.line(`error: ${reason}`);
  }

  random(length: number): Uint8Array | undefined {
    if (this.#seed === undefined) return undefined;
    this.#random ??= seededRandom(this.#seed);
    return this.#random(length);
  }

  install(open: Value, dispatch: Value): void {
    this.handler ??= { open, dispatch };
  }
}
