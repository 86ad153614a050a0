// Decides what a job can end as, what it consumed and what that costs. Pure integer arithmetic: it never measures.
import { ProtocolError } from "./protocol-error.ts";
import type { Amount } from "./units.ts";

/**
 * How a job can end with a receipt; the index is the code inside a receipt. All of them are billed: the counted usage,
 * except `trap`, which is billed at the fuel limit because a trapping machine may not have stored its last count.
 * A fault of the host itself leaves no receipt and no bill, so it is not here.
 */
export const OUTCOMES = ["ok", "guest-abort", "out-of-fuel", "too-deep", "trap"] as const;
export type OutcomeKind = (typeof OUTCOMES)[number];

/** What one job consumed, the same on every honest node. */
export interface Usage {
  /** Weighted instructions, counted by the metering pass. */
  readonly fuel: bigint;
  /** Highest number of 64 KiB linear-memory pages. */
  readonly memoryPages: number;
  /** Bytes of the encoded request. */
  readonly bytesIn: number;
  /** Bytes of the encoded response. */
  readonly bytesOut: number;
  /** Calls from the microservice to its host, such as log lines. */
  readonly events: number;
}

/** Prices in token base units. Every one may be zero. */
export interface Rates {
  /** Per job. */
  readonly job: Amount;
  /** Per 10^9 fuel. */
  readonly fuel: Amount;
  /** Per 1,024 pages (64 MiB) of highest memory, per job. */
  readonly memory: Amount;
  /** Per MiB of request and response together. */
  readonly bytes: Amount;
  /** Per 1,000 events. */
  readonly events: Amount;
}

/** How many units of each axis one rate buys. */
export const RATE_UNITS = {
  job: 1n,
  fuel: 1_000_000_000n,
  memory: 1_024n,
  bytes: 1_048_576n,
  events: 1_000n,
} as const satisfies Record<keyof Rates, bigint>;

/** The axes in the order in which bills list them and offers sign them. */
export const RATE_AXES = ["job", "fuel", "memory", "bytes", "events"] as const satisfies readonly (keyof Rates)[];

/** One line of a bill: `quantity` units at `rate` per `RATE_UNITS[axis]`, rounded up. */
export interface BillLine {
  readonly axis: keyof Rates;
  readonly quantity: bigint;
  readonly rate: Amount;
  readonly amount: Amount;
}

/** The itemised bill of one job: every axis rounded up by itself, so that lines add up to the price. */
export function billOf(usage: Usage, rates: Rates): readonly BillLine[] {
  const quantities: Record<keyof Rates, bigint> = {
    job: 1n,
    fuel: usage.fuel,
    memory: BigInt(usage.memoryPages),
    bytes: BigInt(usage.bytesIn) + BigInt(usage.bytesOut),
    events: BigInt(usage.events),
  };
  return RATE_AXES.map((axis) => ({
    axis,
    quantity: quantities[axis],
    rate: rates[axis],
    amount: divideUp(quantities[axis] * rates[axis], RATE_UNITS[axis]),
  }));
}

/** The price of one job in token base units. */
export function priceOf(usage: Usage, rates: Rates): Amount {
  return billOf(usage, rates).reduce((sum, line) => sum + line.amount, 0n);
}

/** @throws `outcome-unknown` */
export function outcomeCode(kind: OutcomeKind): number {
  const code = OUTCOMES.indexOf(kind);
  if (code === -1) throw new ProtocolError("invalid", "outcome-unknown", `"${kind}" is not an outcome.`);
  return code;
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
