// The flags of mimik wallet fund.
import { type Amount, parseAmount } from "#protocol/units.ts";
import type { Flag, RawOptions } from "../../../command/command.ts";
import { requireArgument } from "../../../command/option-values.ts";

export const walletFundFlags: readonly Flag[] = [];

export interface WalletFundOptions {
  readonly amount: Amount;
}

export function walletFundOptions(_raw: RawOptions, argument: string | undefined): WalletFundOptions {
  return { amount: parseAmount(requireArgument(argument, "amount")) };
}
