// The word between the executor and the lanes that can run an image. It holds no behaviour.
import type { Execution, Invocation } from "./execution.ts";

/** An image made ready to run in this process. */
export interface Program extends Disposable {
  /** Runs one call to its end. @throws ProtocolError where the host failed: no bill */
  run(invocation: Invocation): Execution;
}
