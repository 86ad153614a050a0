// The flags of mimik node stake.
import type { Amount } from "#protocol/units.ts";
import type { Flag, RawOptions } from "../../../command/command.ts";
import { NODE_CHOICE_FLAGS, type NodeChoice, nodeChoice } from "../../../command/node-choice.ts";
import { amountArgument } from "../../../command/option-values.ts";

export const nodeStakeFlags: readonly Flag[] = NODE_CHOICE_FLAGS;

export interface NodeStakeOptions extends NodeChoice {
  readonly amount: Amount;
}

export function nodeStakeOptions(raw: RawOptions, argument: string | undefined): NodeStakeOptions {
  return { ...nodeChoice(raw), amount: amountArgument(argument) };
}
