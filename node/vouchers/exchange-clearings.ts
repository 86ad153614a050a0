// Clearings on the real chain, sent from the node's own key. Chain and lane are opened at the first one: most nodes
// never send any.
import type { Hex, LocalAccount } from "viem";
import { clearingOutcome } from "#chain/batch-outcome.ts";
import { clearCall } from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import { type ChainSettings, connectLater } from "#chain/connect.ts";
import { openLane, type TransactionLane } from "#chain/transaction-lane.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ClearingChain } from "../orders/chain-view.ts";

export interface ClearingSender {
  readonly settings: ChainSettings;
  readonly account: LocalAccount;
  /** Of the lane; its folder is made when missing. */
  readonly journalPath: string;
}

export function exchangeClearings(sender: ClearingSender): ClearingChain & AsyncDisposable {
  const { settings, account, journalPath } = sender;
  let lane: TransactionLane | undefined;
  const chain = connectLater(settings);
  return {
    gasPrice: async () => {
      const { client } = await chain();
      return asChainCall(settings.rpcUrl, "the price of gas", () => client.getGasPrice());
    },
    clear: async (batchId: Hex, batch: Hex) => {
      const target = await chain();
      lane ??= await openLane({ chain: target, account, journalPath });
      const { receipt } = await lane.send(`clear:${batchId}`, clearCall(target, batch));
      const outcome = clearingOutcome(target, receipt.logs);
      if (outcome) return outcome;
      throw new ProtocolError("internal", "clearing-without-events", `The clearing ${batchId} told nothing.`, {
        context: { batch: batchId, transaction: receipt.transactionHash },
      });
    },
    [Symbol.asyncDispose]: async () => lane?.[Symbol.asyncDispose](),
  };
}
