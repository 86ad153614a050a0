// What a host function throws to end a run from inside, and the fault that leaves no receipt.
import { ProtocolError } from "#protocol/protocol-error.ts";

/** The microservice ended itself with an exit code. */
export class GuestExit extends Error {
  override readonly name = "GuestExit";
  readonly code: number;

  constructor(code: number) {
    super(`The microservice exited with code ${code}.`);
    this.code = code;
  }
}

/** The microservice gave up, or broke a rule of its host: outcome `guest-abort`, with the message in its log. */
export class GuestAbort extends Error {
  override readonly name = "GuestAbort";
}

/** The host failed, not the microservice: no receipt and no bill. */
export function hostFault(what: string, cause?: unknown): ProtocolError {
  return new ProtocolError("internal", "host-fault", `The host could not finish the call: ${what}.`, {
    hint: "Run it again; there is no bill.",
    retryable: true,
    cause,
  });
}
