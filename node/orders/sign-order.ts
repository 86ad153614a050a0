// The two signatures of an order. What is signed is in the store before, and the store alone decides what is signed.
import type { Hex } from "viem";
import { commitsHash } from "#protocol/order.ts";
import { nextOrderState } from "#protocol/order-state.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Commitment, Signed } from "#protocol/signed-messages.ts";
import { signMessage } from "#protocol/signing.ts";
import { requireCommitments, verifyCommitments } from "./commitment-set.ts";
import type { OrderParts } from "./order-parts.ts";

/** Signs the commitment to the stored result. @throws `order-state` when the order moved on meanwhile */
export async function signCommitment(parts: OrderParts, order: Hex): Promise<void> {
  const result = parts.reader.result(order);
  if (!result) throw new ProtocolError("internal", "result-missing", `The order ${order} has no result to commit to.`);
  const message = { order, node: parts.node, seal: result.seal };
  const { signature } = await signMessage(parts.signer, parts.domain, "Commitment", message);
  parts.writer.recordCommitment(order, signature, parts.now());
}

/**
 * Checks the set and signs the attestation. Whatever set comes after the first, the first one's attestation stands.
 * @throws `order-state`, `commitments-wrong`, `commitments-missing`, `signature-invalid`
 */
export async function signAttestation(
  parts: OrderParts,
  order: Hex,
  commitments: readonly Signed<Commitment>[],
): Promise<void> {
  const { reader, writer, node, domain } = parts;
  if (!reader.attestation(order)) await requireSet(parts, order, commitments);
  const record = reader.order(order);
  const result = reader.result(order);
  if (!record || !result) throw new ProtocolError("internal", "result-missing", `The order ${order} has no result.`);
  if (record.state !== "attested") requireInTime(parts, record.deadline);
  const fixed = writer.openAttestation(order, {
    resultHash: result.resultHash,
    price: result.price,
    commits: commitsHash(commitments.map(({ message }) => message)),
    commitments,
  });
  if (fixed.signature) return;
  const { resultHash, price, commits } = fixed;
  const message = { order, node, resultHash, price, commits };
  const { signature } = await signMessage(parts.signer, domain, "Attestation", message);
  writer.recordAttestation(order, signature, parts.now());
}

async function requireSet(parts: OrderParts, order: Hex, commitments: readonly Signed<Commitment>[]): Promise<void> {
  const record = parts.reader.order(order);
  const result = parts.reader.result(order);
  const work = parts.reader.work(order);
  if (!record || !work) throw new ProtocolError("not-found", "order-unknown", `There is no order ${order} here.`);
  nextOrderState(record.state, "attest");
  if (!result) throw new ProtocolError("internal", "result-missing", `The order ${order} has no result.`);
  requireCommitments(
    commitments.map(({ message }) => message),
    {
      order,
      terms: work.terms,
      committee: work.submission.lease.nodes,
      own: { order, node: parts.node, seal: result.seal },
      now: parts.now(),
    },
  );
  await verifyCommitments(parts.domain, commitments);
}

/** The contract takes attestations until the deadline's block; the timer that expires the order may be late. */
function requireInTime(parts: OrderParts, deadline: number): void {
  if (parts.now() <= deadline) return;
  throw new ProtocolError("conflict", "order-expired", "The order's deadline has passed; nothing more is signed.", {
    hint: "Send the work again in a new order.",
    context: { deadline },
  });
}
