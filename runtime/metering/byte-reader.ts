// Reads the primitives of the binary format and refuses every encoding that the specification calls malformed.
import { malformed } from "./module-error.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  end: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  atEnd(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    if (this.position >= this.end) throw malformed(this.position, "unexpected end");
    return this.bytes[this.position++] as number;
  }

  /** The next byte without taking it; -1 at the end. */
  peek(): number {
    return this.position < this.end ? (this.bytes[this.position] as number) : -1;
  }

  u32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const next = this.byte();
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return value >>> 0;
    }
    const last = this.byte();
    if (last >= 0x80) throw malformed(this.position - 1, "integer representation too long");
    if (last > 0x0f) throw malformed(this.position - 1, "integer too large");
    return (value | (last << 28)) >>> 0;
  }

  /** Skips a signed integer of `bits` bits; its value matters to nobody here. */
  skipSigned(bits: 32 | 64): void {
    const lastByte = Math.ceil(bits / 7) - 1;
    for (let count = 0; count < lastByte; count++) if (this.byte() < 0x80) return;
    this.#requireSignExtension(this.byte(), bits - lastByte * 7);
  }

  /** A 33-bit signed integer, as block types are written. */
  s33(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 4; count++) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      scale *= 128;
      if (next < 0x80) return next & 0x40 ? value - scale : value;
    }
    const last = this.byte();
    this.#requireSignExtension(last, 5);
    value += (last & 0x7f) * scale;
    return last & 0x40 ? value - scale * 128 : value;
  }

  skip(length: number): void {
    if (length > this.end - this.position) throw malformed(this.position, "unexpected end");
    this.position += length;
  }

  name(): string {
    const length = this.u32();
    const start = this.position;
    if (length > this.end - start) throw malformed(start, "unexpected end: length out of bounds");
    this.position += length;
    try {
      return strictUtf8.decode(this.bytes.subarray(start, start + length));
    } catch {
      throw malformed(start, "malformed UTF-8 encoding");
    }
  }

  /** The unused bits of the last byte of a signed integer must repeat its sign. */
  #requireSignExtension(last: number, usedBits: number): void {
    if (last >= 0x80) throw malformed(this.position - 1, "integer representation too long");
    const unused = (0x7f << (usedBits - 1)) & 0x7f;
    const sign = last & unused;
    if (sign !== 0 && sign !== unused) throw malformed(this.position - 1, "integer too large");
  }
}
