// Decides what a claim of some orders pays and which receipts stand behind it, from what the committee attested: every
// honest node comes to the same. It never looks at a signature or a clock.
import { concat, type Hex } from "viem";
import type { ClaimedWork } from "./claim.ts";
import { leafHash, merkleTree } from "./merkle-tree.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Said } from "./rescue-decision.ts";
import type { JobOrder } from "./signed-messages.ts";
import { voucherPrice } from "./voucher-price.ts";

/** One order, and what every node of its committee attested for it, in any order. */
export interface AgreedOrder {
  readonly id: Hex;
  readonly order: JobOrder;
  readonly said: readonly Said[];
}

/** Of one order in a receipts root: its id and what was attested. */
export function receiptsLeaf(order: Hex, resultHash: Hex): Hex {
  return leafHash(concat([order, resultHash]));
}

/**
 * The work of a claim, its orders by nonce. Each order pays the lower median of all prices, at most its cap, as a voucher
 * would.
 * @param committee how many nodes it has
 * @throws `claim-empty`, `attestations-missing` when some node's is not here, `claim-disagreed` when two nodes differ
 */
export function claimWorkOf(orders: readonly AgreedOrder[], committee: number): ClaimedWork {
  if (orders.length === 0) throw new ProtocolError("invalid", "claim-empty", "A claim needs an order.");
  for (const order of orders) requireAgreement(order, committee);
  const byNonce = orders.toSorted((a, b) => a.order.nonce - b.order.nonce);
  return {
    orders: byNonce.map(({ order }) => order),
    receiptsRoot: merkleTree(byNonce.map(({ id, said }) => receiptsLeaf(id, said[0]?.resultHash as Hex))).root,
    perNode: byNonce.reduce((sum, { order, said }) => {
      return (
        sum +
        voucherPrice(
          said.map(({ price }) => price),
          order.maxPrice,
        )
      );
    }, 0n),
  };
}

function requireAgreement({ id, said }: AgreedOrder, committee: number): void {
  const nodes = new Set(said.map(({ node }) => node.toLowerCase()));
  if (nodes.size !== committee || said.length !== committee) {
    throw new ProtocolError(
      "conflict",
      "attestations-missing",
      `Of order ${id} ${nodes.size} of ${committee} attestations are here.`,
      {
        hint: "Show the node the attestations of the whole committee, then ask again.",
        context: { order: id, present: nodes.size, needed: committee },
        retryable: true,
      },
    );
  }
  if (new Set(said.map(({ resultHash }) => resultHash)).size === 1) return;
  throw new ProtocolError("conflict", "claim-disagreed", `The committee does not agree on order ${id}.`, {
    hint: "Leave this order out, and have it adjudicated.",
    context: { order: id },
  });
}
