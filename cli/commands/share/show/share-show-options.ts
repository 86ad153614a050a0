// The flags of mimik share show.
import type { Flag, RawOptions } from "../../../command/command.ts";

export const shareShowFlags: readonly Flag[] = [];

export interface ShareShowOptions {
  readonly name: string | undefined;
}

export function shareShowOptions(_raw: RawOptions, argument: string | undefined): ShareShowOptions {
  return { name: argument };
}
