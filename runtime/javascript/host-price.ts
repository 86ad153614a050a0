// What a call to the host costs in fuel: its own time on the host, so that no guest gets work for nothing.

interface HostPrice {
  readonly call: number;
  /** Per byte in or out, whichever is more. */
  readonly byte: number;
}

/** One fuel is about a third of a nanosecond; measured on two cores and rounded up. */
export const HOST_PRICES = {
  log: { call: 2_000, byte: 2 },
  respond: { call: 20_000, byte: 4 },
  requestText: { call: 2_000, byte: 4 },
  requestBytes: { call: 2_000, byte: 2 },
  fail: { call: 2_000, byte: 2 },
  utf8Encode: { call: 1_000, byte: 4 },
  utf8Decode: { call: 2_000, byte: 8 },
  digest: { call: 8_000, byte: 10 },
  random: { call: 8_000, byte: 10 },
  install: { call: 1_000, byte: 0 },
} as const satisfies Record<string, HostPrice>;

export type HostFunctionName = keyof typeof HOST_PRICES;
