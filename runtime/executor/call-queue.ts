// Calls that wait for an executor, interactive before batch, bounded by count and bytes.
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Call, Lane } from "./call.ts";
import { EXECUTOR_LIMITS } from "./limits.ts";

const LANES = ["interactive", "batch"] as const satisfies readonly Lane[];

export class CallQueue {
  /** Sets keep the order of arrival and let a cancelled call go at once. */
  readonly #lanes: Readonly<Record<Lane, Set<Call>>> = { interactive: new Set(), batch: new Set() };
  #suspects: Call[] = [];
  #bytes = 0;

  /** @throws `runtime-busy` */
  add(call: Call): void {
    const size = this.#lanes.interactive.size + this.#lanes.batch.size;
    const bytes = call.invocation.request.length;
    if (size >= EXECUTOR_LIMITS.queueCalls || this.#bytes + bytes > EXECUTOR_LIMITS.queueBytes) {
      throw new ProtocolError("busy", "runtime-busy", `${size} calls wait already.`, {
        hint: "Try again in a moment, or ask another node.",
        context: { waiting: size, limit: EXECUTOR_LIMITS.queueCalls },
      });
    }
    this.#lanes[call.lane].add(call);
    this.#bytes += bytes;
  }

  /** Calls that were under way already go first; they do not count against the bounds again. */
  putBack(calls: readonly Call[]): void {
    this.#suspects.push(...calls);
  }

  /** The call that is next. */
  peek(): Call | undefined {
    if (this.#suspects.length > 0) return this.#suspects[0];
    for (const lane of LANES) {
      const next = this.#lanes[lane].values().next();
      if (!next.done) return next.value;
    }
    return undefined;
  }

  take(call: Call): void {
    this.remove(call);
  }

  /** Whether it was waiting. */
  remove(call: Call): boolean {
    const suspect = this.#suspects.indexOf(call);
    if (suspect !== -1) {
      this.#suspects.splice(suspect, 1);
      return true;
    }
    if (!this.#lanes[call.lane].delete(call)) return false;
    this.#bytes -= call.invocation.request.length;
    return true;
  }

  /** Empties it. */
  drain(): readonly Call[] {
    const calls = [...this.#suspects, ...this.#lanes.interactive, ...this.#lanes.batch];
    this.#suspects = [];
    for (const lane of LANES) this.#lanes[lane].clear();
    this.#bytes = 0;
    return calls;
  }
}
