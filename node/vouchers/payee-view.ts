// What the store and the chain say of one lease, as the protocol's ledger of a payee wants it.
import type { Hex } from "viem";
import type { PayeeLedger, PayeeOrder } from "#protocol/payee-ledger.ts";
import type { Amount, UnixSeconds } from "#protocol/units.ts";
import { dueOf } from "#protocol/voucher-price.ts";
import type { LeaseFacts } from "../orders/chain-view.ts";
import type { LeaseOrder } from "../store/order-record.ts";
import type { StoreReader } from "../store/store-reader.ts";

export interface LeaseSight {
  readonly lease: Hex;
  readonly committee: number;
  readonly facts: LeaseFacts;
  readonly graceSeconds: number;
  readonly now: UnixSeconds;
  /** Prices of the whole committee, by order, where they were shown. */
  readonly shown?: ReadonlyMap<Hex, readonly Amount[]>;
}

/** Whatever can no longer be forced and is unpaid is lost, so it is not in the ledger. */
export function payeeLedgerOf(reader: Pick<StoreReader, "leaseOrders" | "voucher">, sight: LeaseSight): PayeeLedger {
  const { lease, committee, facts, graceSeconds, now } = sight;
  const { remaining, paidPerNode, upTo, forced } = facts;
  const orders = reader.leaseOrders(lease, upTo).filter(({ deadline }) => deadline + graceSeconds >= now);
  return {
    orders: orders.map((order) => payeeOrder(order, sight)),
    held: reader.voucher(lease)?.voucher.message,
    chain: { remaining, paidPerNode, upTo, forced, committee },
  };
}

function payeeOrder(order: LeaseOrder, { graceSeconds, shown }: LeaseSight): PayeeOrder {
  const { nonce, attested, settled, maxPrice } = order;
  const forcibleUntil = order.deadline + graceSeconds;
  if (settled) return { nonce, standing: "forced", due: 0n, forcibleUntil };
  if (!attested || order.state !== "attested") return { nonce, standing: "open", due: 0n, forcibleUntil };
  return {
    nonce,
    standing: "served",
    due: dueOf(attested.price, shown?.get(order.order) ?? [], maxPrice),
    forcibleUntil,
  };
}
