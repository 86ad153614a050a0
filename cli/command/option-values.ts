// Reads the values of flags. Everything refused here is a usage error, said before anything is done.
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type Amount, parseAmount, parseShares, type Shares } from "#protocol/units.ts";
import type { RawOptions } from "./command.ts";

export function textOption(raw: RawOptions, name: string): string | undefined {
  const value = raw[name];
  return typeof value === "string" ? value : undefined;
}

export function textOptions(raw: RawOptions, name: string): readonly string[] {
  const value = raw[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

export function switchOption(raw: RawOptions, name: string): boolean {
  return raw[name] === true;
}

/** @throws `option-invalid` */
export function integerOption(raw: RawOptions, name: string, min: number, max: number): number | undefined {
  const text = textOption(raw, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value >= min && value <= max) return value;
  throw invalid(name, text, `a whole number from ${min} to ${max}`);
}

/** A share from `min` to below 1, such as 0.99. @throws `option-invalid` */
export function shareOption(raw: RawOptions, name: string, min: number): number | undefined {
  const text = textOption(raw, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^0?\.\d{1,12}$/.test(text) && value >= min && value < 1) return value;
  throw invalid(name, text, `a share from ${min} to below 1, such as 0.99`);
}

/** Tokens, such as 1.25, in base units. @throws `option-invalid` */
export function amountOption(raw: RawOptions, name: string): Amount | undefined {
  const text = textOption(raw, name);
  if (text === undefined) return undefined;
  try {
    return parseAmount(text);
  } catch {
    throw invalid(name, text, "an amount of tokens with at most 6 decimals, such as 1.25");
  }
}

const DURATION_UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `90`, `90s`, `15m`, `2h` or `7d` in seconds. @throws `option-invalid` */
export function durationOption(raw: RawOptions, name: string): number | undefined {
  const text = textOption(raw, name);
  if (text === undefined) return undefined;
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (!match) throw invalid(name, text, "a duration such as 90s, 15m, 2h or 7d");
  const [, digits, unit] = match;
  return Number(digits) * DURATION_UNITS[(unit || "s") as keyof typeof DURATION_UNITS];
}

/** One of `choices`. @throws `option-invalid` */
export function choiceOption<Choice extends string>(
  raw: RawOptions,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = textOption(raw, name);
  if (text === undefined) return undefined;
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw invalid(name, text, `one of ${choices.join(", ")}`);
}

/** An address in lower case. @throws `option-invalid` */
export function addressOption(raw: RawOptions, name: string): `0x${string}` | undefined {
  const text = textOption(raw, name);
  if (text === undefined) return undefined;
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase() as `0x${string}`;
  throw invalid(name, text, "0x and 40 hex digits");
}

/** Tokens above 0, such as 1.25, in base units. @throws `argument-missing`, `argument-zero`, `amount-malformed` */
export function amountArgument(value: string | undefined): Amount {
  return aboveZero(parseAmount(requireArgument(value, "amount of tokens")), "amount of tokens");
}

/** Shares above 0, such as 1.25, or all of them. @throws `argument-missing`, `argument-zero`, `shares-malformed` */
export function sharesArgument(value: string | undefined): Shares | "all" {
  const text = requireArgument(value, "number of shares").trim();
  return text === "all" ? "all" : aboveZero(parseShares(text), "number of shares");
}

function aboveZero(value: bigint, what: string): bigint {
  if (value > 0n) return value;
  throw new ProtocolError("invalid", "argument-zero", `The ${what} is zero.`, { hint: "Give more than that." });
}

/** @throws `argument-missing` */
export function requireArgument(value: string | undefined, what: string): string {
  if (value !== undefined && value.trim() !== "") return value;
  throw new ProtocolError("invalid", "argument-missing", `The ${what} is missing.`, { hint: "See --help." });
}

export function invalid(name: string, text: string, wanted: string): ProtocolError {
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return new ProtocolError("invalid", "option-invalid", `${flag} "${text.slice(0, 60)}" is not ${wanted}.`, {
    hint: `Give ${flag} ${wanted}.`,
    context: { flag },
  });
}
