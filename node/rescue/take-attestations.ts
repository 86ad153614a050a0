// Another node of a committee shows what it attested. What this one holds is only shown to who shows something itself,
// and nothing is said of an order that this node has not attested: nobody learns a result before its own is fixed.
import type { Hex } from "viem";
import type { AttestationExchange, HeldAttestations } from "#protocol/node-api.ts";
import { compareNodes, hasSeat } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Attestation, Commitment, Signed } from "#protocol/signed-messages.ts";
import { verifySignature } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import type { OrderParts } from "../orders/order-parts.ts";

/** Attests the order for these commitments, as if its consumer had shown them. @throws as `signAttestation` */
export type AttestFor = (order: Hex, commitments: readonly Signed<Commitment>[]) => Promise<void>;

/**
 * Keeps the attestations and answers what is held of their orders.
 * @throws `signature-invalid`, which keeps nothing of that order and those after it
 */
export async function takeAttestations(
  parts: OrderParts,
  shown: AttestationExchange,
  attest: AttestFor,
): Promise<HeldAttestations> {
  const commitments = Map.groupBy(shown.commitments, ({ message }) => message.order);
  const answer: Signed<Attestation>[] = [];
  for (const [order, attestations] of Map.groupBy(shown.attestations, ({ message }) => message.order)) {
    const others = attestations.filter(({ message }) => compareNodes(message.node, parts.node) !== 0);
    const set = commitments.get(order);
    if (others.length === 0 || parts.reader.order(order) === undefined) continue;
    if (set && parts.reader.order(order)?.state === "committed") await attestIfItCan(parts, order, set, attest);
    if (ownAttestation(parts, order) === undefined) continue;
    const right = await keepAttestations(parts, order, others);
    if (right > 0) answer.push(...heldOf(parts, order));
  }
  return { attestations: answer };
}

/** A consumer may have shown the set to one node alone, and be gone with its answer. */
async function attestIfItCan(
  { log }: OrderParts,
  order: Hex,
  commitments: readonly Signed<Commitment>[],
  attest: AttestFor,
): Promise<void> {
  try {
    await attest(order, commitments);
    log.info({ order }, "attested for the commitments that another node was shown");
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    log.warn({ order, err: error }, "another node's commitments are not enough");
  }
}

/**
 * Keeps other nodes' attestations of an order that this node has attested, and says how many are by nodes of its
 * committee. Who signed another one before is told on in the log, and both are kept: together they are the evidence.
 * @throws `signature-invalid`
 */
export async function keepAttestations(
  parts: OrderParts,
  order: Hex,
  attestations: readonly Signed<Attestation>[],
): Promise<number> {
  const nodes = parts.reader.work(order)?.submission.lease.nodes ?? [];
  const held = new Map(parts.reader.peerAttestations(order).map((each) => [each.message.node, each]));
  const fresh: Signed<Attestation>[] = [];
  let right = 0;
  for (const each of attestations) {
    const { node } = each.message;
    const before = held.get(node);
    if (each.message.order !== order || !hasSeat(nodes, node) || compareNodes(node, parts.node) === 0) continue;
    const isKnown = before?.signature === each.signature && isSame(before.message, each.message);
    if (!isKnown) await verifySignature(parts.domain, "Attestation", each, node);
    right++;
    if (before === undefined) {
      held.set(node, each);
      fresh.push(each);
    } else if (!isSame(before.message, each.message)) {
      parts.writer.keepEquivocation(before, each);
      parts.log.error({ node, order, signed: [printable(before), printable(each)] }, "a node attests twice");
    }
  }
  if (fresh.length > 0) parts.writer.keepPeerAttestations(fresh);
  return right;
}

function isSame(one: Attestation, other: Attestation): boolean {
  return one.resultHash === other.resultHash && one.price === other.price && one.commits === other.commits;
}

function printable({ message, signature }: Signed<Attestation>) {
  return { ...message, price: message.price.toString(), signature };
}

/** The node's own attestation first, then what it holds of the others; nothing before its own is signed. */
export function heldOf(parts: OrderParts, order: Hex): Signed<Attestation>[] {
  const own = ownAttestation(parts, order);
  return own === undefined ? [] : [own, ...parts.reader.peerAttestations(order)];
}

function ownAttestation({ reader, node }: OrderParts, order: Hex): Signed<Attestation> | undefined {
  const attested = reader.attestation(order);
  if (attested?.signature === undefined) return undefined;
  const { resultHash, price, commits, signature } = attested;
  return { message: { order, node: node as NodeId, resultHash, price, commits }, signature };
}
