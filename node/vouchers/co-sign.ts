// The node's signature under a clearing that somebody proposes. It signs for what it holds and nothing else: a clearing
// also takes away, so another voucher than the held one could cost it orders that it has not been paid for, and so could
// one that voids a claim which it has signed.
import { clearingBatchOf } from "#protocol/clearing-batch.ts";
import { LIMITS } from "#protocol/limits.ts";
import type { ClearingProposal, ClearingSignature } from "#protocol/node-api.ts";
import { hasSeat } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import { signingHash, signMessage } from "#protocol/signing.ts";
import { noteSettled } from "../orders/accept-order.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { claimVoidedBy } from "../rescue/voided-claim.ts";

/**
 * Signs the clearing. Entries of leases in which the node has no seat are not its matter: its signature gives them
 * nothing.
 * @throws `not-in-committee` when it has a seat in none, `voucher-not-held`, `claim-signed`, `validity-out-of-range`,
 * `lease-differs`
 */
export async function coSign(parts: OrderParts, proposal: ClearingProposal): Promise<ClearingSignature> {
  const { domain, node, signer } = parts;
  requireValidity(parts.now(), proposal.validUntil);
  const own = proposal.entries.filter(({ terms }) => hasSeat(terms.nodes, node));
  if (own.length === 0) {
    throw new ProtocolError("rejected", "not-in-committee", `The node ${node} has no seat in this clearing.`, {
      hint: "Ask the nodes of its leases.",
      context: { node },
    });
  }
  for (const { voucher } of own) await noteCarriedOut(parts, voucher.message);

  // From here to the store nothing waits, so that no claim comes between the rules and the row.
  for (const { voucher } of own) {
    requireHeld(parts, voucher.message);
    requireNoClaim(parts, voucher.message);
  }
  for (const { voucher } of own) parts.writer.noteClearing(voucher.message.lease, proposal.validUntil);
  const message = clearingBatchOf(proposal);
  const { signature } = await signMessage(signer, domain, "ClearingBatch", message);
  const batch = signingHash(domain, "ClearingBatch", message);
  parts.log.info({ batch, leases: own.length }, "clearing signed");
  return { node, batch, signature };
}

function requireHeld({ reader }: OrderParts, offered: Voucher): void {
  const held = reader.voucher(offered.lease)?.voucher.message;
  const same =
    held?.perNode === offered.perNode &&
    held.upTo === offered.upTo &&
    held.forced === offered.forced &&
    held.last === offered.last;
  if (same) return;
  throw new ProtocolError("conflict", "voucher-not-held", `The node holds another voucher of lease ${offered.lease}.`, {
    hint: "Hand it the voucher first, or leave this lease out.",
    context: { lease: offered.lease, heldPerNode: held?.perNode ?? null, heldUpTo: held?.upTo ?? null },
    retryable: true,
  });
}

/** A claim that was carried out no longer stands in the way, which the node may not have noticed. */
async function noteCarriedOut(parts: OrderParts, voucher: Voucher): Promise<void> {
  if (!claimVoidedBy(parts.reader, voucher, parts.now())) return;
  await noteSettled(parts, voucher.lease, await parts.chain.graceSeconds());
}

function requireNoClaim({ reader, now }: OrderParts, voucher: Voucher): void {
  const claim = claimVoidedBy(reader, voucher, now());
  if (claim === undefined) return;
  const message = `The node has signed the claim ${claim.claim}, which this clearing would void.`;
  throw new ProtocolError("conflict", "claim-signed", message, {
    hint: "Leave this lease out until the claim is carried out or its time has passed.",
    context: { lease: voucher.lease, claim: claim.claim, until: claim.until },
    retryable: true,
  });
}

function requireValidity(now: number, validUntil: number): void {
  const max = now + LIMITS.clearingSecondsMax;
  if (validUntil > now && validUntil <= max) return;
  throw new ProtocolError("rejected", "validity-out-of-range", `The clearing would be valid until ${validUntil}.`, {
    hint: `Choose at most ${LIMITS.clearingSecondsMax} seconds from now, and check both clocks.`,
    context: { validUntil, now, max },
  });
}
