// The flags of mimik wallet list.
import type { Flag } from "../../../command/command.ts";

export const walletListFlags: readonly Flag[] = [];

export function walletListOptions(): Record<string, never> {
  return {};
}
