// The flags of mimik node show.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { NODE_CHOICE_FLAGS, type NodeChoice, nodeChoice } from "../../../command/node-choice.ts";

export const nodeShowFlags: readonly Flag[] = NODE_CHOICE_FLAGS;

export type NodeShowOptions = NodeChoice;

export function nodeShowOptions(raw: RawOptions): NodeShowOptions {
  return nodeChoice(raw);
}
