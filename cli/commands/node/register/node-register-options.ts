// The flags of mimik node register.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { NODE_FLAGS, type NodeFlags, nodeFlags } from "../../../command/node-flags.ts";
import { amountOption } from "../../../command/option-values.ts";

export const nodeRegisterFlags: readonly Flag[] = [
  ...NODE_FLAGS.filter(({ form }) => form.startsWith("--node-home")),
  { form: "--stake <tokens>", summary: "also stake this much for the node, from the wallet and then from its account" },
];

export interface NodeRegisterOptions {
  readonly node: NodeFlags;
  readonly stake: bigint | undefined;
}

export function nodeRegisterOptions(raw: RawOptions): NodeRegisterOptions {
  return { node: nodeFlags(raw), stake: amountOption(raw, "stake") };
}
