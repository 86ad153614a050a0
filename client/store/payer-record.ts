// The form in which a lease's file holds what its vouchers may say. It is written before a voucher is signed, so that
// the file alone says after a crash which voucher that was, and who has it.
import { z } from "zod";
import { LIMITS } from "#protocol/limits.ts";
import * as wire from "#protocol/wire.ts";

const nonce = z.int().min(1);

const payerOrder = z.strictObject({
  nonce,
  maxPrice: wire.amount,
  forcibleUntil: z.int(),
  standing: z.enum(["open", "checked", "forced", "void"]),
  price: wire.amount,
});

const payerWork = z.strictObject({
  nonce,
  /** Name of the job on this machine. */
  job: z.string().max(64),
  deadline: z.int(),
  /** Of its order's id and result, once it is checked: what a clearing's root of receipts is made of. */
  leaf: wire.bytes32.nullable(),
  /** The whole committee's, where some node asked for more than the order's price: it wants to see why. */
  attestations: z.array(wire.signed(wire.attestation)).max(LIMITS.committeeNodes),
});
/** What the ledger needs not know of an order. */
export type PayerWork = z.output<typeof payerWork>;

export const payerRecord = z.strictObject({
  /** As in the protocol's ledger of a payer: what no cleared voucher covers. */
  orders: z.array(payerOrder).max(LIMITS.leaseUnclearedOrders),
  cleared: z.strictObject({ perNode: wire.amount, upTo: z.int().min(0) }),
  forced: z.int().min(0),
  signed: wire.voucher.nullable(),
  /** One for each of `orders`. */
  works: z.array(payerWork).max(LIMITS.leaseUnclearedOrders),
  /** Nodes that have taken `signed`. */
  holders: z.array(wire.address).max(LIMITS.committeeNodes),
});
export type PayerRecord = z.output<typeof payerRecord>;

export function openPayer(): PayerRecord {
  return { orders: [], cleared: { perNode: 0n, upTo: 0 }, forced: 0, signed: null, works: [], holders: [] };
}
