// Keeps cleared linear memories for reuse: making one takes ten times as long as making an instance.
import { LIMITS } from "#protocol/limits.ts";
import { PAGE_BYTES } from "#protocol/units.ts";
import { hostFault } from "./guest-signals.ts";
import { INSTANCE_LIMITS } from "./limits.ts";

export class MemoryPool {
  #idle = new Map<string, WebAssembly.Memory[]>();
  #count = 0;

  /** A zeroed memory of exactly `pages` pages that can grow to `pagesMax`. @throws `host-fault` */
  take(pages: number, pagesMax: number): WebAssembly.Memory {
    const memory = this.#idle.get(keyOf(pages, pagesMax))?.pop();
    if (memory) {
      this.#count--;
      return memory;
    }
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: Math.min(pagesMax, LIMITS.jobMemoryPages) });
    } catch (cause) {
      throw hostFault(`no address space for a memory of ${pages} pages`, cause);
    }
  }

  /** Takes back a memory that `take(pages, pagesMax)` gave. The contents are cleared; a grown memory is dropped. */
  give(memory: WebAssembly.Memory, pages: number, pagesMax: number): void {
    const grown = memory.buffer.byteLength !== pages * PAGE_BYTES;
    if (grown || pages > INSTANCE_LIMITS.idleMemoryPages || this.#count >= INSTANCE_LIMITS.idleMemories) return;
    new Uint8Array(memory.buffer).fill(0);
    const key = keyOf(pages, pagesMax);
    const idle = this.#idle.get(key);
    if (idle) idle.push(memory);
    else this.#idle.set(key, [memory]);
    this.#count++;
  }
}

function keyOf(pages: number, pagesMax: number): string {
  return `${pages}/${pagesMax}`;
}
