// Which of the held vouchers would pay this node now, and until when each must be cleared.
import { concat, type Hex } from "viem";
import { LIMITS } from "#protocol/limits.ts";
import { leafHash } from "#protocol/merkle-tree.ts";
import { clearable, clearBy } from "#protocol/payee-ledger.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import type { Amount, UnixSeconds } from "#protocol/units.ts";
import type { LeaseFacts } from "../orders/chain-view.ts";
import type { OrderParts } from "../orders/order-parts.ts";
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

/**
 * At most `LIMITS.proposalLeases` are looked at, those that end first before others. A voucher that is cleared or void is
 * let go of, so that it keeps no other from being looked at.
 * @throws `chain-unreachable`
 */
export async function clearableLeases(parts: OrderParts): Promise<ClearableLease[]> {
  const { reader, chain } = parts;
  const graceSeconds = await chain.graceSeconds();
  const found: ClearableLease[] = [];
  // A lease may have been extended since its voucher came, so one that looks ended is asked for all the same.
  for (const record of reader.vouchers(parts.now() - LIMITS.leaseSecondsMax, LIMITS.proposalLeases)) {
    const { lease, upTo } = record.voucher.message;
    const facts = await chain.readLease(lease);
    if (facts === undefined) continue;
    if (!facts.open || isSpent(record.voucher.message, facts)) {
      parts.writer.dropVoucher(record.voucher.message);
      continue;
    }
    parts.writer.markCovered(lease, facts.upTo);
    const committee = record.terms.nodes.length;
    const ledger = payeeLedgerOf(reader, { lease, committee, facts, graceSeconds, now: parts.now() });
    const gain = clearable(ledger);
    if (gain === 0n) continue;
    const covered = reader.leaseOrders(lease, facts.upTo).filter(({ nonce }) => nonce <= upTo);
    found.push({
      record,
      gain,
      // After expiry + grace anyone may close the lease and take what it still holds home.
      clearBy: Math.min(clearBy(ledger) ?? Number.POSITIVE_INFINITY, facts.expiry + graceSeconds),
      leaves: covered.flatMap(({ order, attested }) =>
        attested ? [leafHash(concat([order, attested.resultHash]))] : [],
      ),
    });
  }
  return found;
}

function isSpent({ perNode, upTo, forced }: Voucher, facts: LeaseFacts): boolean {
  return forced !== facts.forced || (perNode <= facts.paidPerNode && upTo <= facts.upTo);
}
