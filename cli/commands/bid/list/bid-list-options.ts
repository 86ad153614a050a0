// The flags of mimik bid list.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { LIST_FLAGS, type ListOptions, listOptions } from "../../../command/list-flags.ts";

export const bidListFlags: readonly Flag[] = LIST_FLAGS;

export function bidListOptions(raw: RawOptions): ListOptions {
  return listOptions(raw);
}
