// Whether one node's opened answer is what it committed to, signed, and may charge. Pure apart from recovering keys.
import type { Hex } from "viem";
import { commitmentSeal, commitsHash, type JobSpec, orderPrice, type Receipt, resultHash } from "#protocol/order.ts";
import type { Commitment, JobOrder, Offer, Signed } from "#protocol/signed-messages.ts";
import { verifySignature } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import { type Digest, digestToBytes32 } from "#protocol/units.ts";
import type { NodeAnswer } from "../store/job-record.ts";
import type { Fault, FaultReason } from "./fault.ts";

export interface CheckContext {
  readonly domain: ExchangeDomain;
  readonly orderId: Hex;
  readonly order: JobOrder;
  readonly specs: readonly JobSpec[];
  /** Bytes of each job's encoded request. */
  readonly requestBytes: readonly number[];
  /** The set that every node was shown. */
  readonly commitments: readonly Signed<Commitment>[];
  /** What this machine's own run answered, where there was one: it tells who is wrong when too few agree. */
  readonly expected?: readonly Digest[] | undefined;
}

/** The first fault of `offer`'s node in the order of its checks; undefined when it may be paid for this answer. */
export async function checkAnswer(context: CheckContext, offer: Offer, answer: NodeAnswer): Promise<Fault | undefined> {
  const { node } = offer;
  const fault = (reason: FaultReason, detail: string): Fault => ({ node, reason, detail });
  const { attestation, receipts, salt } = answer;
  const { message } = attestation;

  if (message.order !== context.orderId || message.node !== node) {
    return fault("signature-invalid", "Its attestation is for another order or node.");
  }
  const signed = await verifySignature(context.domain, "Attestation", attestation, node).then(
    () => true,
    () => false,
  );
  if (!signed) return fault("signature-invalid", "Its attestation is signed by another key.");
  if (message.commits !== commitsHash(context.commitments.map((commitment) => commitment.message))) {
    return fault("commits-differ", "It attested to another set of commitments than it was shown.");
  }
  const committed = context.commitments.find((commitment) => commitment.message.node === node)?.message.seal;
  const opened = commitmentSeal(context.orderId, node, message.resultHash, message.price, salt);
  if (committed !== opened) return fault("commitment-broken", "It opened another result or price than it had sealed.");
  const wrong = wrongReceipt(context, receipts);
  if (wrong) return fault("receipts-malformed", wrong);
  if (resultHash(receipts) !== message.resultHash) {
    return fault("receipts-mismatch", "Its receipts are not those that it attested.");
  }
  const price = orderPrice(receipts, offer.rates, context.order.maxPrice);
  if (message.price > price) return fault("overpriced", `It asks ${message.price}, its rates give ${price}.`);
  return undefined;
}

/** Why the receipts cannot be of these jobs. */
export function wrongReceipt(
  { specs, requestBytes }: Pick<CheckContext, "specs" | "requestBytes">,
  receipts: readonly Receipt[],
): string | undefined {
  if (receipts.length !== specs.length) return `It gives ${receipts.length} receipts for ${specs.length} jobs.`;
  for (const [index, receipt] of receipts.entries()) {
    const spec = specs[index];
    if (!spec || digestToBytes32(receipt.request) !== digestToBytes32(spec.request)) {
      return `Receipt ${index} is of another request.`;
    }
    if (receipt.usage.bytesIn !== requestBytes[index]) return `Receipt ${index} counts other bytes in than were sent.`;
    if (receipt.usage.fuel > spec.fuel) return `Receipt ${index} counts more fuel than the job had.`;
    if (receipt.usage.memoryPages > spec.memoryPages) return `Receipt ${index} counts more memory than the job had.`;
  }
  return undefined;
}
