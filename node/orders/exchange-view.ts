// The node's view of the exchange on the real chain. The connection is made at the first read and made anew after a
// failure, so that a node may start before its chain endpoint does.
import { type ChainSettings, connectLater } from "#chain/connect.ts";
import { isOrderSettled, readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import type { ChainView } from "./chain-view.ts";

export function exchangeView(settings: ChainSettings): ChainView {
  const chain = connectLater(settings);
  return {
    readLease: async (lease) => readLease(await chain(), lease),
    isOrderSettled: async (lease, nonce) => isOrderSettled(await chain(), lease, nonce),
    readNode: async (node) => readNode(await chain(), node),
    graceSeconds: async () => (await chain()).graceSeconds,
  };
}
