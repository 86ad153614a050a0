// What a call to the host costs in fuel: its own time on the host, so that no guest gets work for nothing.

interface HostPrice {
  readonly call: number;
  /** Per byte in or out, whichever is more. */
  readonly byte: number;
}

/**
 * Measured on two cores against the interpreter's own fuel, of which a nanosecond burns about ten, and rounded up.
 * A digest takes 2 microseconds to set up, a random stream 3, an answer is parsed and encoded in 4.
 */
export const HOST_PRICES = {
  log: { call: 4_000, byte: 4 },
  respond: { call: 40_000, byte: 4 },
  requestText: { call: 2_000, byte: 4 },
  requestBytes: { call: 2_000, byte: 2 },
  fail: { call: 2_000, byte: 2 },
  utf8Encode: { call: 1_000, byte: 4 },
  utf8Decode: { call: 2_000, byte: 8 },
  digest: { call: 20_000, byte: 20 },
  random: { call: 30_000, byte: 20 },
  install: { call: 1_000, byte: 0 },
} as const satisfies Record<string, HostPrice>;

export type HostFunctionName = keyof typeof HOST_PRICES;
