// The settlement that nodes forced, and the result that they published with it: strangers wrote those bytes, so only what
// the chain's own hashes say is taken.
import type { Hex } from "viem";
import type { Chain } from "#chain/connect.ts";
import { readPublication } from "#chain/publication.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type PublishedResult, publishedResultOf } from "#protocol/publication.ts";
import type { ForcedOrder } from "../ledger.ts";
import { type FoundSettlement, findSettlement } from "./find-settlement.ts";

/** @throws `settlement-elsewhere`, `chain-unreachable` */
export async function findForced(chain: Chain, lease: Hex, orderId: Hex): Promise<ForcedOrder> {
  const { paid, ...settlement } = await findSettlement(chain, lease, orderId);
  try {
    return { settlement, published: await readResult(chain, { ...settlement, paid }, orderId) };
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.retryable) throw error;
    return { settlement, published: error };
  }
}

async function readResult(chain: Chain, { transaction, paid }: FoundSettlement, order: Hex): Promise<PublishedResult> {
  const rows = await readPublication(chain, transaction);
  if (rows) return publishedResultOf(rows, order, paid);
  throw new ProtocolError("not-found", "result-unpublished", `Nothing is published in transaction ${transaction}.`, {
    hint: "Ask the nodes of the order's committee for its result.",
    context: { order, transaction },
  });
}
