// Brings the remainder of ended leases back to the consumer's account. Anyone may close a lease; the money goes to the
// consumer all the same.
import type { Hex } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Amount, UnixSeconds } from "#protocol/units.ts";
import type { Ledger } from "../ledger.ts";
import type { ClientStore } from "../store/client-store.ts";
import type { LeaseRecord } from "../store/lease-record.ts";

export interface ClosedLease {
  readonly lease: Hex;
  /** Back in the account, base units. */
  readonly refund: Amount;
  /** Null when somebody else sent it. */
  readonly transaction: Hex | null;
}

type ClosingLedger = Pick<Ledger, "domain" | "graceSeconds" | "time" | "leaseOf" | "closeLease">;

/** From when on the lease can be closed. */
export function closableFrom(expiry: UnixSeconds, graceSeconds: number): UnixSeconds {
  return expiry + graceSeconds + 1;
}

/**
 * Closes every lease of this exchange that can be closed now. The latest block of a quiet chain may be old, so the
 * machine's clock counts too; where it is ahead, the contract's refusal only means another time.
 */
export async function closeEndedLeases(ledger: ClosingLedger, store: ClientStore): Promise<readonly ClosedLease[]> {
  const { chainId, exchange } = ledger.domain;
  const time = Math.max(await ledger.time(), Math.floor(Date.now() / 1_000));
  const due = (await store.leases()).filter(
    (record) =>
      !record.closed &&
      record.chainId === chainId &&
      record.exchange === exchange &&
      closableFrom(record.expiry, ledger.graceSeconds) <= time,
  );
  const closed: ClosedLease[] = [];
  for (const record of due) {
    const standing = await ledger.leaseOf(record.lease);
    if (standing?.open && closableFrom(standing.expiry, ledger.graceSeconds) > time) continue;
    // Never opened, closed by somebody else, or spent to the last unit: nothing is worth a transaction.
    if (standing?.open && standing.remaining > 0n) {
      const done = await close(ledger, record, standing.remaining).catch(notYet);
      if (!done) continue;
      closed.push(done);
    }
    await markClosed(store, record.lease);
  }
  return closed;
}

/**
 * Closes one lease.
 * @throws `lease-not-closable` before its expiry and grace have passed, `lease-not-open`
 */
export async function closeLease(ledger: ClosingLedger, store: ClientStore, record: LeaseRecord): Promise<ClosedLease> {
  const standing = await ledger.leaseOf(record.lease);
  if (!standing?.open) {
    // It may have been closed by a clearing since.
    if (standing) await markClosed(store, record.lease);
    throw new ProtocolError("conflict", "lease-not-open", `Lease ${record.lease} is not open.`, {
      hint: "Nothing is locked in it.",
      context: { lease: record.lease },
    });
  }
  const closed = await close(ledger, record, standing.remaining);
  await markClosed(store, record.lease);
  return closed;
}

/** Its remainder is back. */
export async function markClosed(store: Pick<ClientStore, "changeLease">, lease: Hex): Promise<void> {
  await store.changeLease(lease, (record) => ({ ...record, closed: true }));
}

function notYet(error: unknown): undefined {
  if (error instanceof ProtocolError && error.code === "lease-not-closable") return undefined;
  throw error;
}

async function close(ledger: ClosingLedger, { lease, terms }: LeaseRecord, refund: Amount): Promise<ClosedLease> {
  return { lease, refund, transaction: await ledger.closeLease(terms, lease) };
}
