// The node's signature under a claim. It signs only for what it has done itself, for what it came to itself, and once: an
// order that is in a claim is in no other one while that can be carried out.
import type { Hex } from "viem";
import { claimOf } from "#protocol/claim.ts";
import { type AgreedOrder, claimWorkOf } from "#protocol/claim-work.ts";
import type { ClaimProposal, ClaimSignature } from "#protocol/node-api.ts";
import { clearable } from "#protocol/payee-ledger.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Claim, JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
import { signingHash, signMessage } from "#protocol/signing.ts";
import { formatAmount } from "#protocol/units.ts";
import { noteSettled } from "../orders/accept-order.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { type LeaseSight, payeeLedgerOf } from "../vouchers/payee-view.ts";
import { heldOf } from "./take-attestations.ts";

/** A claim as this node comes to it. */
export interface OwnClaim {
  readonly terms: LeaseTerms;
  readonly claim: Claim;
  /** Signing hash of `claim`. */
  readonly id: Hex;
  /** With their session key's signatures, by nonce. */
  readonly orders: readonly Signed<JobOrder>[];
}

/**
 * Signs the claim, and keeps it before.
 * @throws `order-unknown`, `order-paid`, `order-in-time`, `order-expired`, `attestations-missing`, `claim-disagreed`,
 * `claim-differs`, `voucher-held`, `clearing-signed`, `claim-overlaps`, `lease-not-live`, `chain-unreachable`
 */
export async function signClaim(parts: OrderParts, proposal: ClaimProposal): Promise<ClaimSignature> {
  const { lease } = proposal;
  for (const order of proposal.orders) requireDone(parts, lease, order);
  const graceSeconds = await parts.chain.graceSeconds();
  await noteSettled(parts, lease, graceSeconds);
  const facts = await parts.chain.readLease(lease);
  if (!facts?.open) throw refusal("funds", "lease-not-live", `The lease ${lease} is not open.`, "Claim while it is.");

  // From here to the store nothing waits, so that no voucher or clearing comes between the rules and the row.
  parts.writer.markCovered(lease, facts.upTo);
  const now = parts.now();
  const own = claimOfOrders(parts, proposal.orders);
  for (const { message } of own.orders) requireClaimable(parts, message, now, graceSeconds);
  const { receiptsRoot, perNode } = own.claim;
  if (receiptsRoot !== proposal.receiptsRoot || perNode !== proposal.perNode) throw differs(own.claim, proposal);
  const standing = parts.reader.standingClaims(lease, now);
  // What is signed already is signed: whatever came since cannot make it worse.
  if (!standing.some(({ claim }) => claim === own.id)) {
    requireNothingVoided(parts, { lease, committee: own.terms.nodes.length, facts, graceSeconds, now });
  }
  const firstDeadline = Math.min(...own.orders.map(({ message }) => message.deadline));
  const members = own.orders.map(({ message }) => ({
    order: signingHash(parts.domain, "JobOrder", message),
    nonce: message.nonce,
  }));
  parts.writer.keepClaim(lease, { claim: own.id, orders: members, until: firstDeadline + graceSeconds }, standing);
  const { signature } = await signMessage(parts.signer, parts.domain, "Claim", own.claim);
  parts.log.info({ lease, claim: own.id, orders: members.length, perNode: formatAmount(perNode) }, "claim signed");
  return { node: parts.node, claim: own.id, signature };
}

/**
 * The claim of these orders, by what this node and the others attested.
 * @throws `order-unknown`, and as `claimWorkOf` and `claimOf`
 */
export function claimOfOrders(parts: OrderParts, orders: readonly Hex[]): OwnClaim {
  const { domain, reader } = parts;
  const works = [...new Set(orders)].map((id) => {
    const work = reader.work(id);
    if (work === undefined) throw unknown(id);
    return { id, work };
  });
  const terms = works[0]?.work.submission.lease;
  if (terms === undefined) throw new ProtocolError("invalid", "claim-empty", "A claim needs an order.");
  const agreed = works.map(({ id, work }): AgreedOrder => {
    return { id, order: work.terms, said: heldOf(parts, id).map(({ message }) => message) };
  });
  const claim = claimOf(domain, claimWorkOf(agreed, terms.nodes.length));
  const signed = works.map(({ work }) => work.submission.order).toSorted((a, b) => a.message.nonce - b.message.nonce);
  return { terms, claim, id: signingHash(domain, "Claim", claim), orders: signed };
}

function requireDone({ reader }: OrderParts, lease: Hex, order: Hex): void {
  const record = reader.order(order);
  if (record?.lease === lease && record.state === "attested") return;
  throw record === undefined || record.lease !== lease
    ? unknown(order)
    : refusal("conflict", "order-state", `The node has not attested order ${order}.`, "Leave this order out.");
}

function requireClaimable({ reader, domain }: OrderParts, order: JobOrder, now: number, graceSeconds: number): void {
  const id = signingHash(domain, "JobOrder", order);
  if (reader.order(id)?.settled !== false) {
    throw refusal("conflict", "order-paid", `Order ${id} is paid.`, "Leave this order out.");
  }
  if (now <= order.deadline) {
    const message = `The consumer may pay for order ${id} until ${order.deadline}.`;
    throw new ProtocolError("conflict", "order-in-time", message, {
      hint: "Ask again after that time, and check both clocks.",
      context: { order: id, deadline: order.deadline, now },
      retryable: true,
    });
  }
  if (now <= order.deadline + graceSeconds) return;
  throw refusal("conflict", "order-expired", `Order ${id} can no longer be claimed.`, "Leave this order out.");
}

/** A claim voids every voucher of its lease, and so the payment for the orders that it covers. */
function requireNothingVoided({ reader }: OrderParts, sight: LeaseSight): void {
  if (clearable(payeeLedgerOf(reader, sight)) > 0n) {
    throw refusal("conflict", "voucher-held", "The node holds a voucher that the claim would void.", "Clear it first.");
  }
  const until = reader.clearingUntil(sight.lease);
  if (until < sight.now) return;
  const message = `The node has signed a clearing of the lease that is valid until ${until}.`;
  throw refusal("conflict", "clearing-signed", message, "Wait until it is carried out or no longer valid.");
}

function differs(own: Claim, { receiptsRoot, perNode }: ClaimProposal): ProtocolError {
  const message = `The orders come to ${formatAmount(own.perNode)} tokens for each node, not to this claim.`;
  return new ProtocolError("conflict", "claim-differs", message, {
    hint: "Pay each order's lower median, and take the root of the receipts that all nodes attested.",
    context: { perNode: own.perNode, proposed: perNode, receiptsRoot: own.receiptsRoot, proposedRoot: receiptsRoot },
  });
}

function unknown(order: Hex): ProtocolError {
  return new ProtocolError("not-found", "order-unknown", `The lease has no order ${order} here.`, {
    hint: "Leave this order out.",
    context: { order },
  });
}

function refusal(category: "conflict" | "funds", code: string, message: string, hint: string): ProtocolError {
  return new ProtocolError(category, code, message, { hint });
}
