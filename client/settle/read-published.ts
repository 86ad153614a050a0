// A result that nodes published with the call that paid them. Strangers wrote those bytes, so only what the chain's own
// hashes say is taken.
import { type Hex, isAddressEqual, type Log, parseEventLogs } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { asChainCall } from "#chain/chain-error.ts";
import type { Chain } from "#chain/connect.ts";
import { readPublication } from "#chain/publication.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type PaidOrders, type PublishedResult, publishedResultOf } from "#protocol/publication.ts";

/**
 * What the committee attested for the order, from the transaction that paid for it.
 * @throws `result-unpublished`, `publication-malformed`, `publication-too-large`, `publication-version-unknown`,
 * `publication-differs`, `result-left-out`, `chain-unreachable`
 */
export async function readPublished(chain: Chain, transaction: Hex, order: Hex): Promise<PublishedResult> {
  const { client, settings } = chain;
  const { logs } = await asChainCall(settings.rpcUrl, "the settlement", () =>
    client.getTransactionReceipt({ hash: transaction }),
  );
  const paid = paidIn(chain, logs, order);
  const rows = paid && (await readPublication(chain, transaction));
  if (rows) return publishedResultOf(rows, order, paid);
  throw new ProtocolError("not-found", "result-unpublished", `Nothing is published in transaction ${transaction}.`, {
    hint: "Ask the nodes of the order's committee for its result.",
    context: { order, transaction },
  });
}

/** What the transaction paid for together with the order. */
function paidIn({ settings }: Chain, logs: readonly Log[], order: Hex): PaidOrders | undefined {
  const own = logs.filter(({ address }) => isAddressEqual(address, settings.exchange));
  for (const event of parseEventLogs({ abi: exchangeAbi, logs: own })) {
    if (event.eventName === "OrderSettled" && event.args.orderId === order) {
      return { kind: "settled", resultHash: event.args.resultHash };
    }
    if (event.eventName === "OrdersClaimed" && event.args.orderIds.includes(order)) {
      return { kind: "claimed", orders: event.args.orderIds, receiptsRoot: event.args.receiptsRoot };
    }
  }
  return undefined;
}
