// The flags of mimik bid cancel.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { invalid, requireArgument } from "../../../command/option-values.ts";

export const bidCancelFlags: readonly Flag[] = [];

export interface BidCancelOptions {
  readonly bid: `0x${string}`;
}

export function bidCancelOptions(_raw: RawOptions, argument: string | undefined): BidCancelOptions {
  const bid = requireArgument(argument, "bid's id").toLowerCase();
  if (!/^0x[0-9a-f]{64}$/.test(bid))
    throw invalid("bid", bid, "0x and 64 hex digits, as mimik bid list --json shows it");
  return { bid: bid as `0x${string}` };
}
