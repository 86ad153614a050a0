// What most commands begin with: settings, the chain, and where money is moved the wallet and its lane.
import type { LocalAccount } from "viem";
import type { Chain } from "#chain/connect.ts";
import type { TransactionLane } from "#chain/transaction-lane.ts";
import type { MarketplaceClient } from "#mesh/marketplace-client.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { CommandContext } from "../command/command-context.ts";
import { loadSettings, type Settings } from "../settings/settings.ts";
import { openChain } from "./open-chain.ts";
import { openWallet } from "./open-wallet.ts";
import { walletLane } from "./wallet-lane.ts";

export interface WalletSession {
  readonly settings: Settings;
  readonly chain: Chain;
  readonly account: LocalAccount;
  readonly lane: Pick<TransactionLane, "send">;
}

export function settingsOf({ settingFlags, io }: CommandContext): Promise<Settings> {
  return loadSettings(settingFlags, io.env);
}

/** @throws as openChain and openWallet */
export async function openSession(context: CommandContext): Promise<WalletSession> {
  const settings = await settingsOf(context);
  const chain = await openChain(settings, context.signal);
  const account = await openWallet(context, settings);
  const lane = walletLane({ chain, account, home: settings.home, signal: context.signal });
  return { settings, chain, account, lane };
}

/** @throws `marketplace-not-set` */
export function openMarketplace({ marketplace }: Settings): MarketplaceClient {
  if (marketplace) return httpMarketplaceClient(marketplace);
  throw new ProtocolError("not-found", "marketplace-not-set", "No marketplace is chosen, and no local market is up.", {
    hint: "Start a local market with mimik up, or name one with --marketplace.",
  });
}
