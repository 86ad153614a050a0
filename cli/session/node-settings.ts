// The settings of this machine's node as a command sees them: its own file, the flags, and the chain and marketplace that
// every command uses.
import type { ChainSettings } from "#chain/connect.ts";
import { type NodeConfig, nodeConfig } from "#node/config/node-config.ts";
import { type NodeSettings, readNodeSettings } from "#node/config/node-settings.ts";
import type { CommandContext } from "../command/command-context.ts";
import { type NodeFlags, nodeHomeOf } from "../command/node-flags.ts";
import type { Settings } from "../settings/settings.ts";
import { openChain } from "./open-chain.ts";
import { settingsOf } from "./open-session.ts";
import { findWallet } from "./open-wallet.ts";

/** The node's own settings with what the command line, the environment and a local market add. */
export async function nodeSettingsOf(flags: NodeFlags, context: CommandContext): Promise<NodeSettings> {
  const { nodeHome: _nodeHome, ...own } = flags;
  const settings = await settingsOf(context);
  const home = nodeHomeOf(flags, settings.home, context.io.env);
  const file = readNodeSettings({ home }, context.io.env);
  const wallet = file.owner || own.owner ? undefined : await findWallet(settings);
  const chain = await chainOf(file.chain ?? {}, settings, context);
  return {
    ...own,
    home,
    ...(wallet && { owner: wallet.address }),
    ...(chain && { chain: { rpcUrl: chain.rpcUrl, chainId: chain.chainId, exchange: chain.exchange } }),
    ...(settings.marketplace && !file.marketplaces?.length && { marketplaces: [settings.marketplace] }),
  };
}

/** The chain is asked for what it can tell, so that node.toml needs to name no chain id, nor an exchange that is known. */
async function chainOf(
  own: NonNullable<NodeSettings["chain"]>,
  settings: Settings,
  { settingFlags, signal }: CommandContext,
): Promise<ChainSettings | undefined> {
  if (settings.rpcUrl === undefined) return undefined;
  if (own.exchange === undefined) return (await openChain(settings, signal)).settings;
  // An exchange belongs to the chain that it was named with.
  const elsewhere = own.rpcUrl !== undefined && own.rpcUrl !== settings.rpcUrl;
  if (own.chainId !== undefined || elsewhere) return undefined;
  const exchange = (settingFlags.exchange ?? own.exchange).toLowerCase() as Settings["exchange"];
  return (await openChain({ ...settings, exchange }, signal)).settings;
}

/** @throws `config-invalid` and as the session's parts */
export async function nodeConfigOf(flags: NodeFlags, context: CommandContext): Promise<NodeConfig> {
  return nodeConfig(readNodeSettings(await nodeSettingsOf(flags, context), context.io.env));
}
