// The flags of mimik offer create.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { NODE_FLAGS, type NodeFlags, nodeFlags } from "../../../command/node-flags.ts";
import { durationOption } from "../../../command/option-values.ts";

export const offerCreateFlags: readonly Flag[] = [
  ...NODE_FLAGS,
  { form: "--valid <duration>", summary: "how long the offer stands, 10m by default, 7d at most" },
];

export interface OfferCreateOptions {
  readonly node: NodeFlags;
  readonly validSeconds: number;
}

const TEN_MINUTES = 600;

export function offerCreateOptions(raw: RawOptions): OfferCreateOptions {
  return { node: nodeFlags(raw), validSeconds: durationOption(raw, "valid") ?? TEN_MINUTES };
}
