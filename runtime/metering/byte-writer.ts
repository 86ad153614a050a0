// Writes the primitives of the binary format into one growing buffer.

export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(Math.max(capacity, 64));
  }

  reserve(extra: number): void {
    if (this.length + extra <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + extra));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  all(values: readonly number[]): void {
    this.reserve(values.length);
    for (const value of values) this.bytes[this.length++] = value;
  }

  copy(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (size <= 0) return;
    this.reserve(size);
    // Most runs between two edits are short, where a plain loop is faster than set().
    if (size < 48) {
      for (let at = start; at < end; at++) this.bytes[this.length++] = source[at] as number;
      return;
    }
    this.bytes.set(source.subarray(start, end), this.length);
    this.length += size;
  }

  u32(value: number): void {
    this.reserve(5);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** A whole number from 0 to 2^53 as a signed integer. */
  positive(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x40) {
      this.bytes[this.length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.length++] = rest;
  }

  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.u32(encoded.length);
    this.copy(encoded, 0, encoded.length);
  }

  /** Leaves room for a length; `endSized` fills it in. */
  beginSized(): number {
    this.reserve(5);
    this.length += 5;
    return this.length;
  }

  /** Writes the length of everything since `start` into the five bytes before it. */
  endSized(start: number): void {
    let size = this.length - start;
    for (let at = start - 5; at < start; at++) {
      this.bytes[at] = (size & 0x7f) | (at < start - 1 ? 0x80 : 0);
      size >>>= 7;
    }
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
