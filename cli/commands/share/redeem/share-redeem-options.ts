// The flags of mimik share redeem.
import type { Shares } from "#protocol/units.ts";
import type { Flag, RawOptions } from "../../../command/command.ts";
import { sharesArgument } from "../../../command/option-values.ts";

export const shareRedeemFlags: readonly Flag[] = [];

export interface ShareRedeemOptions {
  readonly shares: Shares | "all";
}

export function shareRedeemOptions(_raw: RawOptions, argument: string | undefined): ShareRedeemOptions {
  return { shares: sharesArgument(argument) };
}
