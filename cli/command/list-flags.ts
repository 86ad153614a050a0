// The flags of commands that list.
import type { Flag, RawOptions } from "./command.ts";
import { integerOption, textOption } from "./option-values.ts";

export const LIST_FLAGS: readonly Flag[] = [
  { form: "--limit <number>", summary: "rows to show, 50 by default, 200 at most" },
  { form: "--cursor <text>", summary: "where the page before ended" },
];

export interface ListOptions {
  readonly limit: number;
  readonly cursor: string | undefined;
}

export function listOptions(raw: RawOptions): ListOptions {
  return { limit: integerOption(raw, "limit", 1, 200) ?? 50, cursor: textOption(raw, "cursor") };
}

/** A line that says how to go on; nothing at the end. */
export function nextPage(path: string, next: string | null): string {
  return next === null ? "" : `\nMore: ${path} --cursor ${next}`;
}
