// The daemon as a program: settings in, a running node until the signal, everything closed at the end.
import { once } from "node:events";
import { nodeConfig } from "./config/node-config.ts";
import { type NodeSettings, readNodeSettings } from "./config/node-settings.ts";
import { type RunningNode, startNode } from "./start-node.ts";

/** Runs a node by flags, environment and node.toml until `signal` aborts; `onReady` hears of it once it listens. */
export async function runNode(
  flags: NodeSettings,
  signal: AbortSignal,
  onReady: (node: RunningNode) => void = () => {},
): Promise<void> {
  await using node = await startNode(nodeConfig(readNodeSettings(flags)));
  onReady(node);
  if (!signal.aborted) await once(signal, "abort");
}
