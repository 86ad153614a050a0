// Decides what a committee signs when its consumer is silent. It never judges whether the orders were done.
import { concat, type Hex, keccak256 } from "viem";
import { ProtocolError } from "./protocol-error.ts";
import type { Claim, JobOrder } from "./signed-messages.ts";
import { signingHash } from "./signing.ts";
import type { ExchangeDomain } from "./typed-data.ts";
import { type Amount, formatAmount, type LeaseId } from "./units.ts";

/** What stands behind a claim. */
export interface ClaimedWork {
  /** Of one lease, in the order in which the contract is shown them. */
  readonly orders: readonly JobOrder[];
  /** Merkle root of the orders' receipts. */
  readonly receiptsRoot: Hex;
  /** What each node is to be paid for all of them together, at most the sum of their price caps. */
  readonly perNode: Amount;
}

/**
 * The claim for these orders.
 * @throws `claim-empty`, `lease-differs` when they are not all of one lease, `claim-exceeds-orders`
 */
export function claimOf(domain: ExchangeDomain, { orders, receiptsRoot, perNode }: ClaimedWork): Claim {
  const [first] = orders;
  if (first === undefined) throw new ProtocolError("invalid", "claim-empty", "A claim needs an order.");
  const other = orders.find(({ lease }) => lease !== first.lease);
  if (other !== undefined) {
    throw new ProtocolError("invalid", "lease-differs", `A claim is of one lease, not of ${other.lease} too.`, {
      hint: "Make a claim for each lease.",
      context: { lease: first.lease, other: other.lease },
    });
  }
  const max = orders.reduce((sum, { maxPrice }) => sum + maxPrice, 0n);
  if (perNode > max) {
    throw new ProtocolError(
      "invalid",
      "claim-exceeds-orders",
      `The orders pay ${formatAmount(max)} tokens at most, not ${formatAmount(perNode)}.`,
      {
        hint: "Claim what the orders cost.",
        context: { perNode, max },
      },
    );
  }
  const ids = orders.map((order) => signingHash(domain, "JobOrder", order));
  return { lease: first.lease as LeaseId, orders: keccak256(concat(ids)), receiptsRoot, perNode };
}
