// The flags of mimik wallet withdraw.
import { type Amount, parseAmount } from "#protocol/units.ts";
import type { Flag, RawOptions } from "../../../command/command.ts";
import { requireArgument } from "../../../command/option-values.ts";

export const walletWithdrawFlags: readonly Flag[] = [];

export interface WalletWithdrawOptions {
  readonly amount: Amount;
}

export function walletWithdrawOptions(_raw: RawOptions, argument: string | undefined): WalletWithdrawOptions {
  return { amount: parseAmount(requireArgument(argument, "amount")) };
}
