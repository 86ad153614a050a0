// Whether the node can do its work: its store answers, its chain answers, its runtime stands.
import type { Address } from "viem";
import type { IsolationClass } from "#protocol/isolation.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { ChainView } from "../orders/chain-view.ts";
import type { StoreReader } from "../store/store-reader.ts";

/** The health check. It throws what is wrong; the chain is asked once for all who ask at about the same time. */
export function healthOf(chain: ChainView, reader: StoreReader, node: Address, isolation: IsolationClass) {
  let last: { readonly at: number; readonly registered: Promise<boolean> } | undefined;
  return async () => {
    const now = performance.now();
    if (!last || now - last.at > NODE_LIMITS.chainAnswerMillis) {
      last = { at: now, registered: chain.readNode(node).then((record) => record !== undefined) };
    }
    return { node, liveOrders: reader.countLive(), isolation, registered: await last.registered };
  };
}
