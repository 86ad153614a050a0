// The words between those who want a microservice run (node, client) and those who run it. It holds no behaviour.
import type { OutcomeKind, Usage } from "#protocol/usage.ts";

export interface ExecutionLimits {
  readonly fuel: bigint;
  /** 64 KiB pages. */
  readonly memoryPages: number;
  /** Bytes of the encoded response. */
  readonly responseBytes: number;
}

/** Everything that a run may depend on: the same invocation of the same image gives the same execution everywhere. */
export interface Invocation {
  /** Encoded by `encodeRequest` of the protocol. */
  readonly request: Uint8Array;
  /** What the microservice's clock reads, milliseconds since the Unix epoch. It stands still during the run. */
  readonly virtualTimeMillis: number;
  /** 32 bytes: the only source of randomness. */
  readonly seed: Uint8Array;
  readonly limits: ExecutionLimits;
}

/** A run that ended with a receipt. A fault of the host is a thrown ProtocolError `host-fault` instead: no bill. */
export interface Execution {
  readonly outcome: OutcomeKind;
  /** Encoded by `encodeResponse`. Where the outcome is not `ok`, a fixed response that names the outcome. */
  readonly response: Uint8Array;
  readonly usage: Usage;
  /** What the microservice logged, cut at the log limit; not part of the receipt. */
  readonly logs: string;
}
