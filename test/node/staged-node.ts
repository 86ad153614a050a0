// A whole node on a stage's real exchange, with gas in its account; what it runs and whose clock it reads is the test's.
import { join } from "node:path";
import { type LocalAccount, numberToHex } from "viem";
import { nodeConfig } from "#node/config/node-config.ts";
import type { NodeSettings } from "#node/config/node-settings.ts";
import type { NodeFoundation } from "#node/node-foundation.ts";
import type { ChainView } from "#node/orders/chain-view.ts";
import { exchangeView } from "#node/orders/exchange-view.ts";
import { type RunningNode, startNode } from "#node/start-node.ts";
import { type ExchangeSender, exchangeClearings } from "#node/vouchers/exchange-clearings.ts";
import type { LeaseStage } from "../chain/lease-stage.ts";

export interface StagedNode {
  readonly stage: LeaseStage;
  readonly key: LocalAccount;
  /** Of the key in the stage. */
  readonly index: number;
  /** In which every node has its home. */
  readonly root: string;
  readonly clearing: NonNullable<NodeSettings["clearing"]>;
}

/** @param foundationOf what the node stands on; the sender is closed with it */
export async function startStagedNode(
  { stage, key, index, root, clearing }: StagedNode,
  foundationOf: (view: ChainView, sender: ExchangeSender) => NodeFoundation,
): Promise<RunningNode> {
  const { settings } = stage.local;
  await stage.local.rpc("hardhat_setBalance", [key.address, numberToHex(10n ** 18n)]);
  const home = join(root, String(index));
  const config = nodeConfig({
    home,
    owner: stage.local.accounts[1 + index]?.address,
    listen: { port: 0 },
    chain: { rpcUrl: settings.rpcUrl, chainId: settings.chainId, exchange: settings.exchange },
    slots: 2,
    logLevel: "silent",
    clearing,
  });
  const sender = exchangeClearings({ settings, account: key, journalPath: join(home, "clearings.sqlite") });
  const base = foundationOf(exchangeView(settings), sender);
  return startNode(config, async () => ({ ...base, close: async () => sender[Symbol.asyncDispose]() }));
}
