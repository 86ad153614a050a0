// What a host function may touch: the guest's memory within its bounds, the fuel, and the call under way.
import { oneMoreEvent } from "../event-limit.ts";
import { GuestMemory } from "../guest-memory.ts";
import type { HostCall } from "./host-call.ts";
import type { HostPrice } from "./host-prices.ts";

/** The injected function takes an unsigned 32-bit number. */
const UINT32_MAX = 0xffff_ffff;

export class HostSurroundings {
  call: HostCall;
  readonly #memory: GuestMemory;
  #charge: (fuel: number) => void = () => {};

  constructor(memory: WebAssembly.Memory, call: HostCall) {
    this.#memory = new GuestMemory(memory);
    this.call = call;
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
    const bytes = this.bytes();
    return end <= bytes.length ? bytes.subarray(start, end) : undefined;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.bytes();
  }

  /** For reads and writes whose bounds `slice` has checked. */
  view(): DataView {
    return this.#memory.view();
  }
}

/** A lane's host functions for one instance, by import module and name. */
export type HostModule = (surroundings: HostSurroundings) => WebAssembly.Imports;
