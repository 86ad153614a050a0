// The flags of commands about one registered node: this machine's, or another of the same owner.
import type { NodeId } from "#protocol/units.ts";
import type { Flag, RawOptions } from "./command.ts";
import { NODE_FLAGS } from "./node-flags.ts";
import { addressOption, textOption } from "./option-values.ts";

export const NODE_HOME_FLAGS: readonly Flag[] = NODE_FLAGS.filter(({ form }) => form.startsWith("--node-home"));

export const NODE_CHOICE_FLAGS: readonly Flag[] = [
  { form: "--node <address>", summary: "the node; this machine's by default" },
  ...NODE_HOME_FLAGS,
];

export interface NodeChoice {
  readonly node: NodeId | undefined;
  readonly nodeHome: string | undefined;
}

/** @throws `option-invalid` */
export function nodeChoice(raw: RawOptions): NodeChoice {
  return { node: addressOption(raw, "node"), nodeHome: textOption(raw, "nodeHome") };
}
