// Clearings, claims, forced orders and calls of the court on the real chain, sent from the node's own key. Chain and lane are opened at the
// first one: most nodes never send any.
import { join } from "node:path";
import type { Hex, LocalAccount } from "viem";
import { clearingOutcome } from "#chain/batch-outcome.ts";
import { adjudicateCall, type ContractCall, claimCall, clearCall, settleCall } from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import { type Chain, type ChainSettings, connectLater } from "#chain/connect.ts";
import { accuseCall } from "#chain/court-calls.ts";
import { withPublication } from "#chain/publication.ts";
import { readNode } from "#chain/read-node.ts";
import { openLane, type SendOptions, type TransactionLane } from "#chain/transaction-lane.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { PublishedRow } from "#protocol/publication.ts";
import type { CourtChain } from "../court/court-chain.ts";
import { exchangeCourt } from "../court/exchange-court.ts";
import type { ClearingChain, RescueChain } from "../orders/chain-view.ts";

/** Where a node's own key keeps its lane, by the node's home: whoever sends with that key must hold this journal. */
export function nodeJournalPath(home: string): string {
  return join(home, "clearings.sqlite");
}

export interface ClearingSender {
  readonly settings: ChainSettings;
  readonly account: LocalAccount;
  /** Of the lane; its folder is made when missing. */
  readonly journalPath: string;
}

/** What is published beside it, and who attests in it, may be others at a second try; it is paid for once. */
const FORCING: SendOptions = { orEarlier: true };
const FORCE_CALLS = { settle: settleCall, adjudicate: adjudicateCall, accuse: accuseCall } as const;

export interface ExchangeSender extends ClearingChain, RescueChain, AsyncDisposable {
  /** The court, over the same lane: an account has one. */
  readonly court: CourtChain;
}

export function exchangeClearings(sender: ClearingSender): ExchangeSender {
  const { settings, account, journalPath } = sender;
  let lane: Promise<TransactionLane> | undefined;
  const chain = connectLater(settings);
  const send = async (
    key: string,
    callOf: (target: Chain) => ContractCall | Promise<ContractCall>,
    options?: SendOptions,
  ) => {
    const target = await chain();
    lane ??= openLane({ chain: target, account, journalPath }).catch((error: unknown) => {
      lane = undefined;
      throw error;
    });
    const { receipt } = await (await lane).send(key, await callOf(target), options);
    return { target, receipt };
  };
  return {
    gasPrice: async () => {
      const { client } = await chain();
      return asChainCall(settings.rpcUrl, "the price of gas", () => client.getGasPrice());
    },
    clear: async (batchId: Hex, batch: Hex) => {
      const { target, receipt } = await send(`clear:${batchId}`, (to) => clearCall(to, batch));
      const outcome = clearingOutcome(target, receipt.logs);
      if (outcome) return outcome;
      throw new ProtocolError("internal", "clearing-without-events", `The clearing ${batchId} told nothing.`, {
        context: { batch: batchId, transaction: receipt.transactionHash },
      });
    },
    frozenUntil: async (node) => (await readNode(await chain(), node))?.frozenUntil ?? 0,
    force: async (call, order, { terms, order: signed, attestations }, published) => {
      const callOf = (to: Chain) => publishing(FORCE_CALLS[call](to, terms, signed, attestations), published);
      const { receipt } = await send(`${call}:${order}`, callOf, FORCING);
      return receipt.transactionHash;
    },
    claim: async (claim, terms, work, signatures, published) => {
      const callOf = (to: Chain) => publishing(claimCall(to, terms, work, signatures), published);
      const { receipt } = await send(`claim:${claim}`, callOf, FORCING);
      return receipt.transactionHash;
    },
    court: exchangeCourt({
      chain,
      send: async (key, callOf) => (await send(key, callOf)).receipt.transactionHash,
    }),
    [Symbol.asyncDispose]: async () => (await lane)?.[Symbol.asyncDispose](),
  };
}

function publishing(call: ContractCall, rows: readonly PublishedRow[] | undefined): ContractCall {
  return rows ? withPublication(call, rows) : call;
}
