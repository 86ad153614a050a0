// Moves what nodes have earned to their owner, in as many transactions as the contract's limit needs.
import type { Hex } from "viem";
import { collectEarningsCall } from "#chain/calls.ts";
import { CHAIN_LIMITS } from "#chain/limits.ts";
import { collected } from "#chain/owner-outcome.ts";
import { random32 } from "#client/random.ts";
import type { Amount, NodeId } from "#protocol/units.ts";
import type { WalletSession } from "./open-session.ts";

/** What was collected; base units. */
export interface Collection {
  readonly transactions: readonly Hex[];
  /** What went to the owner's account. */
  readonly received: Amount;
  /** What the exchange took of it beside. */
  readonly fee: Amount;
}

/** Collects part after part: what comes before a part that fails is collected. @throws as TransactionLane.send */
export async function collectEarnings(
  { chain, lane }: Pick<WalletSession, "chain" | "lane">,
  nodes: readonly NodeId[],
): Promise<Collection> {
  const transactions: Hex[] = [];
  let [received, fee] = [0n, 0n];
  for (let from = 0; from < nodes.length; from += CHAIN_LIMITS.collectNodes) {
    const call = collectEarningsCall(chain, nodes.slice(from, from + CHAIN_LIMITS.collectNodes));
    const { hash, receipt } = await lane.send(`collect:${random32()}`, call);
    const part = collected(chain, receipt.logs);
    transactions.push(hash);
    received += part.received;
    fee += part.fee;
  }
  return { transactions, received, fee };
}
