// From a stranger's voucher to one in the store, or to the first reason why not. It is kept before it is answered: from
// then on the node may let others clear it, and takes no order that it covers.
import type { Hex } from "viem";
import type { VoucherStanding, VoucherSubmission } from "#protocol/node-api.ts";
import { hasSeat } from "#protocol/order.ts";
import { clearBy, refuseVoucher, unsignedWork } from "#protocol/payee-ledger.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Attestation, LeaseTerms, Offer, Signed } from "#protocol/signed-messages.ts";
import { leaseIdOf, verifySignature } from "#protocol/signing.ts";
import type { Amount } from "#protocol/units.ts";
import { noteSettled } from "../orders/accept-order.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import type { Peer } from "../store/order-record.ts";
import { payeeLedgerOf } from "./payee-view.ts";

/**
 * Takes the voucher. The same one again is no new one.
 * @throws `lease-differs`, `not-in-committee`, `signature-invalid`, `lease-not-live`, `chain-unreachable`, and as
 * `refuseVoucher`
 */
export async function takeVoucher(parts: OrderParts, submission: VoucherSubmission): Promise<VoucherStanding> {
  const { lease: terms, voucher, attestations } = submission;
  const { lease } = voucher.message;
  requireSeat(parts, terms, lease);
  await verifySignature(parts.domain, "Voucher", voucher, terms.sessionKey);
  const shown = await shownPrices(parts, terms, lease, attestations);
  const peers = await peersOf(parts, terms, submission.offers);
  const graceSeconds = await parts.chain.graceSeconds();
  await noteSettled(parts, lease, graceSeconds);
  const facts = await parts.chain.readLease(lease);
  if (!facts?.open) throw notOpen(lease);

  // From here to the store nothing waits, so that no order comes between the rules and the row.
  parts.writer.markCovered(lease, facts.upTo);
  const sight = { lease, committee: terms.nodes.length, facts, graceSeconds, now: parts.now(), shown };
  const refused = refuseVoucher(payeeLedgerOf(parts.reader, sight), voucher.message);
  if (refused) throw refused;
  parts.writer.keepVoucher({ terms, voucher, expiry: facts.expiry, peers, receivedAt: parts.now() });
  const ledger = payeeLedgerOf(parts.reader, sight);
  parts.log.info({ lease, perNode: voucher.message.perNode.toString(), upTo: voucher.message.upTo }, "voucher taken");
  return { lease, held: voucher, unsigned: unsignedWork(ledger), clearBy: clearBy(ledger) ?? null };
}

function requireSeat({ node }: OrderParts, terms: LeaseTerms, lease: Hex): void {
  const id = leaseIdOf(terms);
  if (id !== lease) {
    throw new ProtocolError("invalid", "lease-differs", `The voucher is of lease ${lease}, the terms are of ${id}.`, {
      hint: "Send the terms of the voucher's own lease.",
      context: { voucher: lease, terms: id },
    });
  }
  if (hasSeat(terms.nodes, node)) return;
  throw new ProtocolError("rejected", "not-in-committee", `The node ${node} is not in the lease's committee.`, {
    hint: "Hand the voucher to the nodes of its lease.",
    context: { node },
  });
}

/**
 * Prices of orders that the whole committee attested alike. Fewer than all would let the consumer choose whose price is
 * in the middle.
 * @throws `signature-invalid`
 */
async function shownPrices(
  parts: OrderParts,
  terms: LeaseTerms,
  lease: Hex,
  attestations: readonly Signed<Attestation>[],
): Promise<ReadonlyMap<Hex, readonly Amount[]>> {
  const own = new Map(parts.reader.leaseOrders(lease, 0).map(({ order, attested }) => [order, attested]));
  const alike = attestations.filter(({ message }) => own.get(message.order)?.resultHash === message.resultHash);
  const shown = new Map<Hex, readonly Amount[]>();
  for (const [order, signed] of Map.groupBy(alike, ({ message }) => message.order)) {
    const byNode = new Map(signed.map((attestation) => [attestation.message.node, attestation]));
    if (signed.length !== terms.nodes.length || !terms.nodes.every((node) => byNode.has(node))) continue;
    for (const attestation of signed) {
      await verifySignature(parts.domain, "Attestation", attestation, attestation.message.node);
    }
    shown.set(
      order,
      signed.map(({ message }) => message.price),
    );
  }
  return shown;
}

/** Only what a member of the committee signed: nobody else can name a URL that this node will call. */
async function peersOf(parts: OrderParts, terms: LeaseTerms, offers: readonly Signed<Offer>[]): Promise<Peer[]> {
  const others = offers.filter(({ message }) => message.node !== parts.node && terms.nodes.includes(message.node));
  for (const offer of others) await verifySignature(parts.domain, "Offer", offer, offer.message.node);
  return others.map(({ message: { node, endpoint } }) => ({ node, endpoint }));
}

function notOpen(lease: Hex): ProtocolError {
  return new ProtocolError("funds", "lease-not-live", `The lease ${lease} is not open.`, {
    hint: "Open a lease with these terms first.",
    context: { lease },
  });
}
