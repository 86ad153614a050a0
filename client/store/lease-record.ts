// The form of one lease's file: the terms that the chain knows only by hash, and the key that signs its orders.
import type { Hex } from "viem";
import { z } from "zod";
import { LIMITS } from "#protocol/limits.ts";
import { leaseIdOf } from "#protocol/signing.ts";
import * as wire from "#protocol/wire.ts";
import { openPayer, payerRecord } from "./payer-record.ts";

export const leaseRecord = z.strictObject({
  version: z.literal(1),
  lease: wire.bytes32,
  chainId: z.int(),
  exchange: wire.address,
  terms: wire.leaseTerms,
  /** Spends this lease's funds and nothing else. */
  sessionKey: wire.bytes32,
  /** The committee's offers when it was rented, in its order. */
  committee: z.array(wire.signed(wire.offer)).max(LIMITS.committeeNodes).min(1),
  amount: wire.amount,
  expiry: z.int(),
  /** Orders signed so far; the next one's nonce is one more. */
  orders: z.int().min(0),
  /** Rented for any jobs, or opened for one. */
  use: z.enum(["rented", "job"]),
  createdAt: z.int(),
  /** Once its remainder is back. */
  closed: z.boolean(),
  /** What its vouchers may say; null where each order is settled by itself. */
  payer: payerRecord.nullable().default(null),
});
export type LeaseRecord = Omit<z.output<typeof leaseRecord>, "sessionKey"> & { readonly sessionKey: Hex };

type OpeningFacts =
  | "chainId"
  | "exchange"
  | "terms"
  | "sessionKey"
  | "committee"
  | "amount"
  | "expiry"
  | "use"
  | "createdAt";

/** The file of a lease that is about to be opened: a rented one is paid by vouchers, one for a job order by order. */
export function newLeaseRecord(facts: Pick<LeaseRecord, OpeningFacts>): LeaseRecord {
  const payer = facts.use === "rented" ? openPayer() : null;
  return { version: 1, lease: leaseIdOf(facts.terms), ...facts, orders: 0, closed: false, payer };
}
