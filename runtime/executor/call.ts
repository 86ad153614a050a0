// One call on its way through queue and executor. It holds no behaviour.
import type { ProtocolError } from "#protocol/protocol-error.ts";
import type { Execution, Invocation } from "../execution.ts";
import type { Image } from "../image/image.ts";

/** `interactive`: somebody waits. `batch`: takes what is left, and never the last executor. */
export type Lane = "interactive" | "batch";

export interface Call {
  readonly image: Image;
  readonly invocation: Invocation;
  readonly lane: Lane;
  /** It was under way in an executor that died: it runs alone now, so that the next death is its own doing. */
  isSuspect: boolean;
  /** Nobody waits for it any more. */
  isCancelled: boolean;
  /** Expected microseconds, set when it is sent. */
  expectedMicros: number;
  resolve(execution: Execution): void;
  reject(error: ProtocolError): void;
}
