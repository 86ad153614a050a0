// How many jobs run at once. Waiting costs nothing and is first come, first served.

export class SlotPool {
  readonly total: number;
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #onChange: () => void;

  /** `onChange` is called whenever a slot is taken or freed. */
  constructor(total: number, onChange: () => void = () => {}) {
    this.total = total;
    this.#free = total;
    this.#onChange = onChange;
  }

  get free(): number {
    return this.#free;
  }

  /** Runs `action` in a slot. Whoever is aborted while waiting never runs. */
  async use<Value>(signal: AbortSignal, action: () => Promise<Value>): Promise<Value> {
    await this.#take(signal);
    try {
      return await action();
    } finally {
      this.#give();
    }
  }

  async #take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      this.#onChange();
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => {
      const index = this.#waiting.indexOf(resolve);
      if (index === -1) return;
      this.#waiting.splice(index, 1);
      reject(signal.reason);
    };
    this.#waiting.push(resolve);
    signal.addEventListener("abort", abort, { once: true });
    await promise.finally(() => signal.removeEventListener("abort", abort));
  }

  /** A freed slot goes to who waits longest, so it never counts as free in between. */
  #give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else {
      this.#free++;
      this.#onChange();
    }
  }
}
