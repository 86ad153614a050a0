// What a jury is shown of an order, and what a juror believes of it: signatures and hashes, and nothing else.
import type { Hex } from "viem";
import type { CaseEvidence } from "#protocol/node-api.ts";
import { compareNodes, hasSeat, jobsRoot } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { leaseIdOf, signingHash, verifySignature } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { Digest } from "#protocol/units.ts";
import { refuseEvidence } from "../orders/acceptance-rules.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { heldOf } from "../rescue/take-attestations.ts";
import type { CourtStore, KeptCase } from "../store/court-store.ts";

/** Where the evidence of a case is: the node's orders, and its cases. */
export interface EvidenceParts {
  readonly orders: OrderParts;
  readonly store: Pick<CourtStore, "caseOf">;
}

/** What this node holds of an order that it ran and that is in an open case. @throws `case-unknown` */
export function evidenceOf({ orders, store }: EvidenceParts, order: Hex): CaseEvidence {
  const found = store.caseOf(order);
  const work = orders.reader.work(order);
  if (found === undefined || found.closesAt < orders.now() || work === undefined) throw caseUnknown(order);
  const { lease, order: signed, jobs, blobs } = work.submission;
  const attestations = heldOf(orders, order).toSorted((a, b) => compareNodes(a.message.node, b.message.node));
  return { lease, order: signed, jobs, blobs, attestations };
}

/** A blob of such an order. @throws `case-unknown`, `blob-missing` */
export async function evidenceBlob(parts: EvidenceParts, order: Hex, digest: Digest): Promise<Uint8Array> {
  const { blobs } = evidenceOf(parts, order);
  if (!blobs.some((blob) => blob.digest === digest)) throw caseUnknown(order);
  return parts.orders.blobs.read(digest);
}

/**
 * The evidence, if it is of this very case, with those attestations that hold.
 * @throws `evidence-differs`, `signature-invalid`, and as an order's own rules
 */
export async function checkEvidence(
  domain: ExchangeDomain,
  { order, lease }: Pick<KeptCase, "order" | "lease">,
  shown: CaseEvidence,
): Promise<CaseEvidence> {
  const { message } = shown.order;
  const isIt = leaseIdOf(shown.lease) === lease && signingHash(domain, "JobOrder", message) === order;
  if (!isIt || message.lease !== lease || jobsRoot(shown.jobs) !== message.jobs) {
    throw new ProtocolError("rejected", "evidence-differs", `The evidence shown is not of order ${order}.`, {
      hint: "Ask another node of its committee.",
      context: { order },
    });
  }
  const refusal = refuseEvidence(shown);
  if (refusal) throw refusal;
  await verifySignature(domain, "JobOrder", shown.order, shown.lease.sessionKey);
  const attestations: CaseEvidence["attestations"] = [];
  for (const each of shown.attestations) {
    const { node } = each.message;
    const last = attestations.at(-1)?.message.node;
    const isNext = last === undefined || compareNodes(last, node) < 0;
    if (each.message.order !== order || !hasSeat(shown.lease.nodes, node) || !isNext) continue;
    await verifySignature(domain, "Attestation", each, node);
    attestations.push(each);
  }
  return { ...shown, attestations };
}

export function caseUnknown(order: Hex): ProtocolError {
  return new ProtocolError("not-found", "case-unknown", `There is no open case of order ${order} here.`, {
    hint: "Ask a node of the order's committee or jury, once its case is open.",
    context: { order },
  });
}
