// The settings of this machine's node as a command sees them: its own file, the flags, and the chain and marketplace that
// every command uses.
import { type NodeConfig, nodeConfig } from "#node/config/node-config.ts";
import { type NodeSettings, readNodeSettings } from "#node/config/node-settings.ts";
import type { CommandContext } from "../command/command-context.ts";
import { type NodeFlags, nodeHomeOf } from "../command/node-flags.ts";
import { openChain } from "./open-chain.ts";
import { settingsOf } from "./open-session.ts";
import { findWallet } from "./open-wallet.ts";

/** The node's own settings with what the command line, the environment and a local market add. */
export async function nodeSettingsOf(flags: NodeFlags, context: CommandContext): Promise<NodeSettings> {
  const { nodeHome: _nodeHome, ...own } = flags;
  const settings = await settingsOf(context);
  const home = nodeHomeOf(flags, settings.home, context.io.env);
  // The chain is asked which exchange it has, so that node.toml needs to name none on a known chain.
  const file = readNodeSettings({ home }, context.io.env);
  const wallet = file.owner || own.owner ? undefined : await findWallet(settings);
  const needed = settings.rpcUrl !== undefined && file.chain?.exchange === undefined;
  const chain = needed ? (await openChain(settings, context.signal)).settings : undefined;
  return {
    ...own,
    home,
    ...(wallet && { owner: wallet.address }),
    ...(chain && { chain: { rpcUrl: chain.rpcUrl, chainId: chain.chainId, exchange: chain.exchange } }),
    ...(settings.marketplace && !file.marketplaces?.length && { marketplaces: [settings.marketplace] }),
  };
}

/** @throws `config-invalid` and as the session's parts */
export async function nodeConfigOf(flags: NodeFlags, context: CommandContext): Promise<NodeConfig> {
  return nodeConfig(readNodeSettings(await nodeSettingsOf(flags, context), context.io.env));
}
