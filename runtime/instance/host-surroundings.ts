// What a host function may touch: the guest's memory within its bounds, the fuel, and the call under way.
import { oneMoreEvent } from "../event-limit.ts";
import type { HostCall } from "./host-call.ts";
import type { HostPrice } from "./host-prices.ts";

/** The injected function takes an unsigned 32-bit number. */
const UINT32_MAX = 0xffff_ffff;

export class HostSurroundings {
  call: HostCall;
  readonly #memory: WebAssembly.Memory;
  #charge: (fuel: number) => void = () => {};
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;

  constructor(memory: WebAssembly.Memory, call: HostCall) {
    this.#memory = memory;
    this.call = call;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** Imports are made before the instance whose fuel they charge. */
  setCharge(charge: (fuel: number) => void): void {
    this.#charge = charge;
  }

  /**
   * Counts the call and charges it. Throws the engine's trap where the fuel is used up, which must not be caught.
   * @throws GuestAbort past the limit of events
   */
  enter(price: HostPrice): void {
    this.call.events = oneMoreEvent(this.call.events);
    this.#charge(price.call);
  }

  /** Charges for more bytes of a call that was already counted. */
  charge(price: HostPrice, bytes: number): void {
    if (bytes > 0 && price.byte > 0) this.#charge(Math.min(price.byte * bytes, UINT32_MAX));
  }

  /** A view of the guest's memory; undefined where it does not lie inside. Invalid after the guest runs again. */
  slice(address: number, length: number): Uint8Array<ArrayBuffer> | undefined {
    const start = address >>> 0;
    const end = start + (length >>> 0);
    return end <= this.bytes().length ? this.#bytes.subarray(start, end) : undefined;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    // Growth replaces the buffer and leaves the old one empty.
    if (this.#bytes.length !== this.#memory.buffer.byteLength) this.#renew();
    return this.#bytes;
  }

  /** For reads and writes whose bounds `slice` has checked. */
  view(): DataView {
    if (this.#bytes.length !== this.#memory.buffer.byteLength) this.#renew();
    return this.#view;
  }

  #renew(): void {
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#view = new DataView(this.#memory.buffer);
  }
}

/** A lane's host functions for one instance, by import module and name. */
export type HostModule = (surroundings: HostSurroundings) => WebAssembly.Imports;
