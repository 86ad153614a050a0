// The flags of mimik node unstake.
import type { Shares } from "#protocol/units.ts";
import type { Flag, RawOptions } from "../../../command/command.ts";
import { NODE_CHOICE_FLAGS, type NodeChoice, nodeChoice } from "../../../command/node-choice.ts";
import { sharesArgument } from "../../../command/option-values.ts";

export const nodeUnstakeFlags: readonly Flag[] = NODE_CHOICE_FLAGS;

export interface NodeUnstakeOptions extends NodeChoice {
  readonly shares: Shares | "all";
}

export function nodeUnstakeOptions(raw: RawOptions, argument: string | undefined): NodeUnstakeOptions {
  return { ...nodeChoice(raw), shares: sharesArgument(argument) };
}
