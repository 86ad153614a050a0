// The flags of mimik offer list.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { LIST_FLAGS, type ListOptions, listOptions } from "../../../command/list-flags.ts";

export const offerListFlags: readonly Flag[] = LIST_FLAGS;

export function offerListOptions(raw: RawOptions): ListOptions {
  return listOptions(raw);
}
