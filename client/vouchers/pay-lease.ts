// Pays what a lease still owes: nodes that lack its voucher get it, and orders whose voucher does not reach every node
// are settled before nobody can pay for them any more.
import type { Hex } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import type { Amount } from "#protocol/units.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { settleCovered } from "../job/pay-attempt.ts";
import { presentCommittee } from "../lease/present-committee.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import type { VoucherRefusal } from "../store/job-record.ts";
import type { LeaseRecord } from "../store/lease-record.ts";
import type { PayerWork } from "../store/payer-record.ts";
import { handVouchers, signNext } from "./hand-voucher.ts";
import { lackingNodes, type PayerLease, paysByVoucher } from "./payer-account.ts";

export interface PaidLease {
  readonly lease: Hex;
  /** What each node may have had by vouchers altogether, base units. */
  readonly perNode: Amount;
  /** Orders up to this nonce are paid with it. */
  readonly upTo: number;
  /** Of `perNode`, what was cleared. */
  readonly clearedPerNode: Amount;
  /** Why nodes lack the voucher; empty when all have it. */
  readonly refusals: readonly VoucherRefusal[];
  /** Orders that were settled one by one, as no voucher reached every node in time. */
  readonly settled: readonly { readonly nonce: number; readonly transaction: Hex }[];
}

/** Leases of this exchange that pay by vouchers and are not closed. */
export async function payingLeases({ ledger, store }: ClientWorld): Promise<readonly PayerLease[]> {
  const { chainId, exchange } = ledger.domain;
  const own = (record: LeaseRecord) => record.chainId === chainId && record.exchange === exchange && !record.closed;
  return (await store.leases()).filter(own).filter(paysByVoucher);
}

/**
 * @param seconds how long a node that does not answer is tried
 * @throws `lease-without-ledger`, `lease-reading-torn`, `chain-unreachable`, and the contract's refusals
 */
export async function payLease(
  world: ClientWorld,
  { lease }: Pick<LeaseRecord, "lease">,
  seconds: number = CLIENT_LIMITS.voucherSeconds,
): Promise<PaidLease> {
  const record = await signNext(world, lease);
  const isOpen = (await world.ledger.leaseOf(lease))?.open;
  const isOwing = lackingNodes(record).length > 0 || overdue(world, record, []).length > 0;
  if (!isOpen || !isOwing) return paidLease(record, [], []);
  const offers = await knownOffers(world, record);
  const hand = () => handVouchers(world, lease, offers, unixSeconds(world.clock) + seconds);
  const refusals = await hand();
  const late = overdue(world, await signNext(world, lease), refusals);
  const settled = await settleAll(world, late);
  if (settled.length === 0) return paidLease(await signNext(world, lease), refusals, []);
  await signNext(world, lease);
  const refusedAfter = await hand();
  return paidLease(await signNext(world, lease), refusedAfter, settled);
}

function paidLease(
  { lease, payer }: PayerLease,
  refusals: PaidLease["refusals"],
  settled: PaidLease["settled"],
): PaidLease {
  const { perNode, upTo } = payer.signed ?? payer.cleared;
  return { lease, perNode, upTo, clearedPerNode: payer.cleared.perNode, refusals, settled };
}

/** A marketplace that is away must not keep a node from its money: where it was when it was rented is known. */
async function knownOffers(world: ClientWorld, record: PayerLease): Promise<readonly Signed<Offer>[]> {
  if (lackingNodes(record).length === 0) return record.committee;
  try {
    return await presentCommittee(world, record);
  } catch (error) {
    world.signal.throwIfAborted();
    if (error instanceof ProtocolError) return record.committee;
    throw error;
  }
}

/** Until their deadline orders wait for the voucher; then nodes would have to force them. */
function overdue(
  { clock }: ClientWorld,
  { payer }: PayerLease,
  refusals: readonly VoucherRefusal[],
): readonly PayerWork[] {
  const now = unixSeconds(clock);
  const { cleared, signed, orders, works } = payer;
  const isHeld = (nonce: number) => refusals.length === 0 && nonce <= (signed?.upTo ?? 0);
  return works.filter(({ nonce, deadline }) => {
    const order = orders.find((each) => each.nonce === nonce);
    const isOwed = order?.standing === "checked" && nonce > cleared.upTo && !isHeld(nonce);
    return isOwed && deadline < now && now <= order.forcibleUntil;
  });
}

async function settleAll(world: ClientWorld, works: readonly PayerWork[]): Promise<PaidLease["settled"]> {
  const settled: { nonce: number; transaction: Hex }[] = [];
  for (const { nonce, job } of works) {
    const transaction = await settleCovered(world, job);
    if (transaction) settled.push({ nonce, transaction });
  }
  return settled;
}
