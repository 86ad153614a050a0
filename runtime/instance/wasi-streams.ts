// The three streams of a WASI command: the request's body comes in on stdin, the response's body goes out on stdout,
// stderr is the log. There are no other descriptors.
import { GuestAbort } from "./guest-signals.ts";
import type { HostCall } from "./host-call.ts";
import { HOST_PRICES } from "./host-prices.ts";
import type { HostSurroundings } from "./host-surroundings.ts";
import { INSTANCE_LIMITS } from "./limits.ts";
import { ERRNO } from "./wasi-errno.ts";

const STDIN = 0;
const STDERR = 2;
/** Bytes of one buffer's address and length. */
const VECTOR_BYTES = 8;
const FILETYPE_CHARACTER_DEVICE = 2;
const FDSTAT_BYTES = 24;
const FILESTAT_BYTES = 64;
const RIGHT_FD_READ = 2n;
const RIGHT_FD_WRITE = 64n;
const RIGHT_POLL = 134_217_728n;

export function isStream(descriptor: number): boolean {
  return descriptor >= STDIN && descriptor <= STDERR;
}

export class WasiStreams {
  readonly #host: HostSurroundings;
  #call: HostCall | undefined;
  #readPosition = 0;
  /** A bit for each of the three that the program has closed. */
  #closed = 0;

  constructor(host: HostSurroundings) {
    this.#host = host;
  }

  isOpen(descriptor: number): boolean {
    this.#renew();
    return isStream(descriptor) && (this.#closed & (1 << descriptor)) === 0;
  }

  /** Bytes of stdin that were not read yet. */
  get waiting(): number {
    this.#renew();
    return this.#host.call.request.body.length - this.#readPosition;
  }

  close(descriptor: number): number {
    if (!this.isOpen(descriptor)) return ERRNO.badDescriptor;
    this.#closed |= 1 << descriptor;
    return ERRNO.success;
  }

  read(descriptor: number, vectors: number, count: number, result: number): number {
    if (!this.isOpen(descriptor) || descriptor !== STDIN) return ERRNO.badDescriptor;
    const { body } = this.#host.call.request;
    let total = 0;
    const errno = this.#eachBuffer(vectors, count, (buffer) => {
      const part = body.subarray(this.#readPosition, this.#readPosition + buffer.length);
      this.#host.charge(HOST_PRICES.copy, part.length);
      buffer.set(part);
      this.#readPosition += part.length;
      total += part.length;
    });
    return errno === ERRNO.success ? this.#store(result, total) : errno;
  }

  /** A response beyond its limit ends the run: a program that goes on after a failed write would answer half. */
  write(descriptor: number, vectors: number, count: number, result: number): number {
    if (!this.isOpen(descriptor) || descriptor === STDIN) return ERRNO.badDescriptor;
    const { call } = this.#host;
    let total = 0;
    const errno = this.#eachBuffer(vectors, count, (buffer) => {
      total += buffer.length;
      if (descriptor === STDERR) {
        this.#host.charge(HOST_PRICES.log, buffer.length);
        call.log.write(buffer);
        return;
      }
      this.#host.charge(HOST_PRICES.copy, buffer.length);
      if (!call.write(buffer)) throw new GuestAbort("The response is larger than its limit.");
    });
    return errno === ERRNO.success ? this.#store(result, total) : errno;
  }

  describe(descriptor: number, result: number): number {
    if (!this.isOpen(descriptor)) return ERRNO.badDescriptor;
    if (!this.#host.slice(result, FDSTAT_BYTES)) return ERRNO.fault;
    const view = this.#host.view();
    const at = result >>> 0;
    view.setUint8(at, FILETYPE_CHARACTER_DEVICE);
    view.setUint8(at + 1, 0);
    view.setUint16(at + 2, 0, true);
    view.setUint32(at + 4, 0, true);
    view.setBigUint64(at + 8, (descriptor === STDIN ? RIGHT_FD_READ : RIGHT_FD_WRITE) | RIGHT_POLL, true);
    view.setBigUint64(at + 16, 0n, true);
    return ERRNO.success;
  }

  status(descriptor: number, result: number): number {
    if (!this.isOpen(descriptor)) return ERRNO.badDescriptor;
    const slice = this.#host.slice(result, FILESTAT_BYTES);
    if (!slice) return ERRNO.fault;
    slice.fill(0);
    slice[16] = FILETYPE_CHARACTER_DEVICE;
    return ERRNO.success;
  }

  /** Stores a size where the program wants it. */
  #store(address: number, value: number): number {
    if (!this.#host.slice(address, 4)) return ERRNO.fault;
    this.#host.view().setUint32(address >>> 0, value, true);
    return ERRNO.success;
  }

  #eachBuffer(vectors: number, count: number, use: (buffer: Uint8Array<ArrayBuffer>) => void): number {
    const size = count >>> 0;
    if (size > INSTANCE_LIMITS.ioVectors) return ERRNO.invalid;
    if (!this.#host.slice(vectors, size * VECTOR_BYTES)) return ERRNO.fault;
    for (let index = 0; index < size; index++) {
      const at = (vectors >>> 0) + index * VECTOR_BYTES;
      const view = this.#host.view();
      const buffer = this.#host.slice(view.getUint32(at, true), view.getUint32(at + 4, true));
      if (!buffer) return ERRNO.fault;
      use(buffer);
    }
    return ERRNO.success;
  }

  /** The instance serves many calls; each begins with all streams open and nothing read. */
  #renew(): void {
    if (this.#call === this.#host.call) return;
    this.#call = this.#host.call;
    this.#readPosition = 0;
    this.#closed = 0;
  }
}
