// The flags of mimik node start.
import type { Flag, RawOptions } from "../../../command/command.ts";
import { NODE_FLAGS, type NodeFlags, nodeFlags } from "../../../command/node-flags.ts";
import { integerOption, textOption } from "../../../command/option-values.ts";

export const nodeStartFlags: readonly Flag[] = [
  ...NODE_FLAGS,
  { form: "--isolation <class>", summary: "auto takes kernel isolation where there is one; process never does" },
  { form: "--host <address>", summary: "where to listen, 127.0.0.1 by default" },
  { form: "--port <number>", summary: "where to listen, 7710 by default, 0 for any" },
];

export interface NodeStartOptions {
  readonly node: NodeFlags;
  readonly listen: { readonly host?: string; readonly port?: number };
}

export function nodeStartOptions(raw: RawOptions): NodeStartOptions {
  const host = textOption(raw, "host");
  const port = integerOption(raw, "port", 0, 65_535);
  return { node: nodeFlags(raw), listen: { ...(host && { host }), ...(port !== undefined && { port }) } };
}
