// Which of the held vouchers would pay this node now, and until when each must be cleared.
import { type Hex, zeroHash } from "viem";
import { receiptsLeaf } from "#protocol/claim-work.ts";
import { LIMITS } from "#protocol/limits.ts";
import { clearable, clearBy } from "#protocol/payee-ledger.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import type { Amount, UnixSeconds } from "#protocol/units.ts";
import type { LeaseFacts } from "../orders/chain-view.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { claimVoidedBy } from "../rescue/voided-claim.ts";
import type { VoucherRecord } from "../store/order-record.ts";
import { payeeLedgerOf } from "./payee-view.ts";

export interface ClearableLease {
  readonly record: VoucherRecord;
  /** What clearing it pays this node, base units. */
  readonly gain: Amount;
  readonly clearBy: UnixSeconds;
  /** One for each order behind it, in the order of their nonces: of its id and what was attested. */
  readonly leaves: readonly Hex[];
}

export interface ClearableLeases {
  readonly leases: readonly ClearableLease[];
  /** Every lease that was looked at. */
  readonly looked: readonly Hex[];
  /** Where the next look begins: after this one. */
  readonly last: Hex;
}

/**
 * Looks at the next `LIMITS.proposalLeases` vouchers after the lease `after`, and at the end begins anew, so that no
 * number of others keeps one from being looked at. A voucher that is cleared or void is let go of.
 * @throws `chain-unreachable`
 */
export async function clearableLeases(parts: OrderParts, after: Hex): Promise<ClearableLeases> {
  const { reader, chain } = parts;
  const graceSeconds = await chain.graceSeconds();
  const leases: ClearableLease[] = [];
  const records = reader.vouchers(after, LIMITS.proposalLeases);
  for (const record of records) {
    const { lease, upTo } = record.voucher.message;
    const facts = await chain.readLease(lease);
    if (facts === undefined) continue;
    if (!facts.open || isSpent(record.voucher.message, facts)) {
      parts.writer.dropVoucher(record.voucher.message);
      continue;
    }
    parts.writer.markCovered(lease, facts.upTo);
    if (claimVoidedBy(reader, record.voucher.message, parts.now())) continue;
    const committee = record.terms.nodes.length;
    const ledger = payeeLedgerOf(reader, { lease, committee, facts, graceSeconds, now: parts.now() });
    const gain = clearable(ledger);
    if (gain === 0n) continue;
    const covered = reader.leaseOrders(lease, facts.upTo).filter(({ nonce }) => nonce <= upTo);
    leases.push({
      record,
      gain,
      // After expiry + grace anyone may close the lease and take what it still holds home.
      clearBy: Math.min(clearBy(ledger) ?? Number.POSITIVE_INFINITY, facts.expiry + graceSeconds),
      leaves: covered.flatMap(({ order, attested }) => (attested ? [receiptsLeaf(order, attested.resultHash)] : [])),
    });
  }
  const looked = records.map(({ voucher }) => voucher.message.lease);
  const whole = records.length === LIMITS.proposalLeases;
  return { leases, looked, last: whole ? (looked.at(-1) ?? zeroHash) : zeroHash };
}

/** A last voucher still has the lease to close, though it says no more than what is cleared. */
function isSpent({ perNode, upTo, forced, last }: Voucher, facts: LeaseFacts): boolean {
  return forced !== facts.forced || (!last && perNode <= facts.paidPerNode && upTo <= facts.upTo);
}
