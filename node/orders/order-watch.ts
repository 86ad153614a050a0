// Long polls: who waits for an order to move, and a limit on how many may.
import type { Hex } from "viem";
import { NODE_LIMITS } from "../limits.ts";

export class OrderWatch {
  readonly #waiting = new Map<Hex, Set<() => void>>();
  #count = 0;
  #closed = false;

  /** Resolves when `order` moves, after `millis`, when `signal` aborts, or at once where too many wait already. */
  async change(order: Hex, millis: number, signal: AbortSignal): Promise<void> {
    if (this.#closed || signal.aborted || this.#count >= NODE_LIMITS.waiters) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(order) ?? new Set();
    this.#waiting.set(order, waiting.add(resolve));
    this.#count++;
    const timer = setTimeout(resolve, millis);
    signal.addEventListener("abort", () => resolve(), { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#count--;
      waiting.delete(resolve);
      if (waiting.size === 0) this.#waiting.delete(order);
    }
  }

  moved(order: Hex): void {
    for (const wake of [...(this.#waiting.get(order) ?? [])]) wake();
  }

  /** Wakes everybody; nobody waits any more. */
  close(): void {
    this.#closed = true;
    for (const order of [...this.#waiting.keys()]) this.moved(order);
  }
}
