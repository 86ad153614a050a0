// What host functions charge for their own work, besides the price of the call: fuel for a call, and for each byte.

export interface HostPrice {
  readonly call: number;
  readonly byte: number;
}

/** Calibrated against the host's time for the same work, about three fuel a nanosecond, on the dear side. */
export const HOST_PRICES = {
  /** Answers from memory: a clock, a length, an error number. */
  small: { call: 64, byte: 0 },
  /** Moves bytes between the guest and the host. */
  copy: { call: 512, byte: 1 },
  log: { call: 1_024, byte: 4 },
  /** The first bytes of a call set up the cipher. */
  random: { call: 8_192, byte: 4 },
  sha256: { call: 4_096, byte: 8 },
} as const satisfies Record<string, HostPrice>;
