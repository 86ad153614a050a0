// What a manifest says of its licence, in the four forms that npm has seen over the years.

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: unknown;
  readonly licenses?: unknown;
}

/** The SPDX expression or whatever else stands there; undefined when nothing does. */
export function licenceOf({ license, licenses }: Manifest): string | undefined {
  const one = textOf(license);
  if (one !== undefined) return one;
  // Several licences meant a choice before SPDX expressions.
  const several = Array.isArray(licenses) ? licenses : Array.isArray(license) ? license : [licenses];
  const texts = several.map(textOf).filter((text) => text !== undefined);
  if (texts.length === 0) return undefined;
  return texts.length === 1 ? texts[0] : `(${texts.join(" OR ")})`;
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === "object" && value !== null ? (value as { type?: unknown }).type : value;
  if (typeof text !== "string") return undefined;
  const trimmed = text.trim().replace(/\s+/g, " ");
  return trimmed === "" ? undefined : trimmed;
}
