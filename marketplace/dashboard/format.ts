// Numbers, times and ids as people read them.
import { formatAmount, formatShares, PAGE_BYTES, TOKEN_DECIMALS } from "#protocol/units.ts";

const grouping = new Intl.NumberFormat("en", { useGrouping: true });
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "narrow" });

/** Base units as "1,234.5". */
export function tokens(amount: string | bigint): string {
  return grouped(formatAmount(BigInt(amount)));
}

/** Shares of the profit share as whole ones with their fraction. */
export function shares(amount: string | bigint): string {
  return grouped(formatShares(BigInt(amount)));
}

function grouped(decimal: string): string {
  const [whole = "0", fraction] = decimal.split(".");
  return `${grouping.format(BigInt(whole))}${fraction ? `.${fraction}` : ""}`;
}

/** Base units with all their decimals, so that a column of them lines up. */
export function exact(amount: string | bigint): string {
  const [whole = "0", fraction = ""] = tokens(amount).split(".");
  return `${whole}.${fraction.padEnd(TOKEN_DECIMALS, "0")}`;
}

export function count(value: number): string {
  return grouping.format(value);
}

/** "0x1234…abcd" */
export function short(hex: string): string {
  return `${hex.slice(0, 6)}…${hex.slice(-4)}`;
}

/** WebAssembly pages as "512 MiB". */
export function memory(pages: number): string {
  const mib = (pages * PAGE_BYTES) / 1_048_576;
  return mib >= 1_024 ? `${grouping.format(mib / 1_024)} GiB` : `${grouping.format(mib)} MiB`;
}

export function fullTime(unixSeconds: number): string {
  return clock.format(unixSeconds * 1_000);
}

const STEPS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** "5 min. ago", "in 2 hr." */
export function timeFrom(unixSeconds: number, nowSeconds: number): string {
  const difference = Math.round(unixSeconds - nowSeconds);
  const [unit, seconds] = STEPS.find(([, size]) => Math.abs(difference) >= size) ?? ["second", 1];
  return Math.abs(difference) < 2 ? "now" : relative.format(Math.trunc(difference / seconds), unit);
}
