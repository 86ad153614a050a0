// The flags of mimik up.
import type { Flag, RawOptions } from "../../command/command.ts";
import { integerOption, switchOption } from "../../command/option-values.ts";

export const upFlags: readonly Flag[] = [
  { form: "--once", summary: "run the first job on free ports in a temporary folder, then end everything" },
  { form: "--nodes <count>", summary: "how many nodes, each of its own owner (3)" },
  { form: "--port <port>", summary: "wanted port of the marketplace and its dashboard (8700)" },
  { form: "--chain-port <port>", summary: "wanted port of the chain (8545)" },
  { form: "--node-port <port>", summary: "wanted port of the first node (7710)" },
];

export interface UpOptions {
  readonly once: boolean;
  readonly nodes: number;
  readonly ports: { readonly chain: number; readonly marketplace: number; readonly nodes: number };
}

/** More nodes than this do not fit one machine's memory: each holds two executor processes. */
const NODES_MAX = 12;
/** A committee of three. */
const NODES_MIN = 3;

export function upOptions(raw: RawOptions): UpOptions {
  const once = switchOption(raw, "once");
  const port = (name: string, standard: number) => integerOption(raw, name, 0, 65_535) ?? (once ? 0 : standard);
  return {
    once,
    nodes: integerOption(raw, "nodes", NODES_MIN, NODES_MAX) ?? NODES_MIN,
    ports: { marketplace: port("port", 8_700), chain: port("chainPort", 8_545), nodes: port("nodePort", 7_710) },
  };
}
