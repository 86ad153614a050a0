// The settlement that nodes forced, and the result that they published with it.
import type { Hex } from "viem";
import type { Chain } from "#chain/connect.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ForcedOrder } from "../ledger.ts";
import { findSettlement } from "./find-settlement.ts";
import { readPublished } from "./read-published.ts";

/** @throws `settlement-elsewhere`, `chain-unreachable` */
export async function findForced(chain: Chain, lease: Hex, orderId: Hex): Promise<ForcedOrder> {
  const settlement = await findSettlement(chain, lease, orderId);
  try {
    return { settlement, published: await readPublished(chain, settlement.transaction, orderId) };
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.retryable) throw error;
    return { settlement, published: error };
  }
}
