// The flags of mimik node withdraw-stake.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { NODE_CHOICE_FLAGS, type NodeChoice, nodeChoice } from "../../../command/node-choice.ts";

export const nodeWithdrawStakeFlags: readonly Flag[] = NODE_CHOICE_FLAGS;

export type NodeWithdrawStakeOptions = NodeChoice;

export function nodeWithdrawStakeOptions(raw: RawOptions): NodeWithdrawStakeOptions {
  return nodeChoice(raw);
}
