// Collects what a microservice logs, cut at the limit. The log is for its author; no receipt depends on it.

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const CUT = "\n[log cut at its limit]";

export class LogBuffer {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #size = 0;
  #cut = false;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  write(bytes: Uint8Array): void {
    const room = this.#limit - this.#size;
    if (bytes.length > room) this.#cut = true;
    if (room <= 0 || bytes.length === 0) return;
    // A copy: the bytes may be a view of the guest's memory.
    this.#parts.push(bytes.slice(0, room));
    this.#size += Math.min(bytes.length, room);
  }

  line(text: string): void {
    this.write(encoder.encode(`${text}\n`));
  }

  text(): string {
    if (this.#size === 0) return "";
    return decoder.decode(Buffer.concat(this.#parts)) + (this.#cut ? CUT : "");
  }
}
