// The flags of mimik earnings.
import type { Flag, RawOptions } from "../../command/command.ts";
import { addressOption, switchOption } from "../../command/option-values.ts";

export const earningsFlags: readonly Flag[] = [
  { form: "--owner <address>", summary: "whose earnings; the chosen wallet's by default" },
  { form: "--collect", summary: "move what the nodes have earned to the owner's account" },
];

export interface EarningsOptions {
  readonly owner: `0x${string}` | undefined;
  readonly collect: boolean;
}

export function earningsOptions(raw: RawOptions): EarningsOptions {
  return { owner: addressOption(raw, "owner"), collect: switchOption(raw, "collect") };
}
