// The flags of mimik share deposit.
import type { Amount } from "#protocol/units.ts";
import type { Flag, RawOptions } from "../../../command/command.ts";
import { amountArgument } from "../../../command/option-values.ts";

export const shareDepositFlags: readonly Flag[] = [];

export interface ShareDepositOptions {
  readonly amount: Amount;
}

export function shareDepositOptions(_raw: RawOptions, argument: string | undefined): ShareDepositOptions {
  return { amount: amountArgument(argument) };
}
