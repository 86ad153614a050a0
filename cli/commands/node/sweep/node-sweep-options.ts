// The flags of mimik node sweep.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { NODE_HOME_FLAGS } from "../../../command/node-choice.ts";
import { textOption } from "../../../command/option-values.ts";

export const nodeSweepFlags: readonly Flag[] = NODE_HOME_FLAGS;

export interface NodeSweepOptions {
  readonly nodeHome: string | undefined;
}

export function nodeSweepOptions(raw: RawOptions): NodeSweepOptions {
  return { nodeHome: textOption(raw, "nodeHome") };
}
