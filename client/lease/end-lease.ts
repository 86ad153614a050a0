// Ends a rented lease before its time: the last voucher pays for everything that was done, and what is left comes back
// with its clearing. Without the whole committee's word it comes back after expiry and grace, as from any lease.
import { type Hex, zeroHash } from "viem";
import type { NodeClient } from "#mesh/node-client.ts";
import { type Clearing, clearingBatchOf, encodeClearing } from "#protocol/clearing-batch.ts";
import { merkleTree } from "#protocol/merkle-tree.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import { signingHash, verifySignature } from "#protocol/signing.ts";
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import { isFault, withRetries } from "../order/with-retries.ts";
import type { VoucherRefusal } from "../store/job-record.ts";
import type { LeaseRecord } from "../store/lease-record.ts";
import { handVouchers, signedVoucher, signNext } from "../vouchers/hand-voucher.ts";
import { type PayerLease, paysByVoucher } from "../vouchers/payer-account.ts";
import { payerLease } from "../vouchers/read-payer.ts";
import { type ClosedLease, closableFrom, closeLease, markClosed } from "./close-leases.ts";
import { presentCommittee } from "./present-committee.ts";

export interface EndingLease {
  readonly lease: Hex;
  /** Why its remainder is not back yet. */
  readonly refusals: readonly VoucherRefusal[];
  /** From when on it comes back in any case. */
  readonly closableFrom: UnixSeconds;
}

/**
 * The closed lease; or one that ends, to which no order can be given any more.
 * @throws `lease-in-use` while an order can still be forced, `lease-not-open`, `lease-not-closable` for a lease that
 * pays order by order, `chain-unreachable`
 */
export async function endLease(world: ClientWorld, record: LeaseRecord): Promise<ClosedLease | EndingLease> {
  const { ledger, store, clock } = world;
  const standing = await ledger.leaseOf(record.lease);
  const from = closableFrom(standing?.expiry ?? record.expiry, ledger.graceSeconds);
  const time = Math.max(await ledger.time(), unixSeconds(clock));
  if (!paysByVoucher(record) || !standing?.open || from <= time) return closeLease(ledger, store, record);

  await signLast(world, record.lease);
  const offers = await presentCommittee(world, record);
  const until = unixSeconds(clock) + CLIENT_LIMITS.voucherSeconds;
  const lacking = await handVouchers(world, record.lease, offers, until);
  const last = await payerLease(world, record.lease);
  const cleared = lacking.length > 0 ? lacking : await clearLast(world, last, offers);
  if ("transaction" in cleared) return cleared;
  const after = await ledger.leaseOf(record.lease);
  if (after?.open) return { lease: record.lease, refusals: cleared, closableFrom: from };
  // The nodes have cleared it themselves.
  await markClosed(store, record.lease);
  const perNode = (last.payer.signed?.perNode ?? 0n) - standing.paidPerNode;
  return {
    lease: record.lease,
    refund: standing.remaining - perNode * BigInt(record.terms.nodes.length),
    transaction: null,
  };
}

/** Stores the last voucher before it is signed. @throws `lease-in-use` */
async function signLast(world: ClientWorld, lease: Hex): Promise<void> {
  const record = await signNext(world, lease, { last: true });
  if (record.payer.signed?.last) return;
  const open = record.payer.orders.find(({ standing }) => standing === "open");
  const until = open?.forcibleUntil ?? record.expiry;
  const message = `Order ${open?.nonce} of lease ${lease} is open: nodes may still want to be paid for it.`;
  throw new ProtocolError("conflict", "lease-in-use", message, {
    hint: `Finish its job with mimik job resume, or wait until ${new Date(until * 1_000).toISOString()}.`,
    context: { lease, nonce: open?.nonce, forcibleUntil: until },
    retryable: true,
  });
}

/** Has every node sign the clearing of the last voucher, which it holds, and sends it. */
async function clearLast(
  world: ClientWorld,
  record: PayerLease,
  offers: readonly Signed<Offer>[],
): Promise<ClosedLease | readonly VoucherRefusal[]> {
  const { ledger, store, clock } = world;
  const voucher = await signedVoucher(ledger.domain, record);
  if (!voucher) return [];
  const leaves = record.payer.works.flatMap(({ leaf }) => leaf ?? []);
  const clearing: Clearing = {
    entries: [{ terms: record.terms, voucher }],
    receiptsRoot: leaves.length > 0 ? merkleTree(leaves).root : zeroHash,
    validUntil: Math.max(await ledger.time(), unixSeconds(clock)) + CLIENT_LIMITS.clearingSeconds,
  };
  const { signatures, refusals } = await coSigned(world, clearing, offers);
  if (refusals.length > 0) return refusals;
  const batch = signingHash(ledger.domain, "ClearingBatch", clearingBatchOf(clearing));
  const { transaction, closed } = await ledger.clear(batch, encodeClearing(clearing, signatures));
  const refund: Amount | undefined = closed.find(({ lease }) => lease === record.lease)?.refund;
  if (refund === undefined) return [];
  await markClosed(store, record.lease);
  return { lease: record.lease, refund, transaction };
}

async function coSigned(world: ClientWorld, clearing: Clearing, offers: readonly Signed<Offer>[]) {
  const { ledger, clock, signal, connectNode } = world;
  const message = clearingBatchOf(clearing);
  const proposal = { ...clearing, entries: [...clearing.entries] };
  const until = unixSeconds(clock) + CLIENT_LIMITS.voucherSeconds;
  const signatures = new Map<NodeId, Hex>();
  const refusals: VoucherRefusal[] = [];
  const ask = async (client: NodeClient, node: NodeId, stepSignal: AbortSignal) => {
    const { signature } = await client.signClearing(proposal, { signal: stepSignal });
    await verifySignature(ledger.domain, "ClearingBatch", { message, signature }, node);
    return { signature };
  };
  await Promise.all(
    offers.map(async ({ message: { node, endpoint } }) => {
      const client = connectNode(endpoint);
      const answer = await withRetries((stepSignal) => ask(client, node, stepSignal), { clock, signal, until, node });
      if (isFault(answer)) refusals.push({ node, code: "clearing-not-signed", detail: answer.detail });
      else signatures.set(node, answer.signature);
    }),
  );
  return { signatures, refusals };
}
