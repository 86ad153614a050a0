// What a node must hold before it opens its answer: a pure check of the commitments that a consumer sends.
import type { Address } from "viem";
import { commitUntil, compareNodes, quorumCount } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Commitment, JobOrder, Signed } from "#protocol/signed-messages.ts";
import { verifySignature } from "#protocol/signing.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";

export interface SetFacts {
  readonly order: `0x${string}`;
  readonly terms: Pick<JobOrder, "deadline" | "quorumBps">;
  readonly committee: readonly NodeId[];
  /** The node's own commitment. */
  readonly own: Commitment;
  readonly now: UnixSeconds;
}

/**
 * Checks everything but the signatures.
 * @throws `commitments-wrong`, `commitments-missing`
 */
export function requireCommitments(commitments: readonly Commitment[], facts: SetFacts): void {
  const { order, terms, committee, own, now } = facts;
  const seats = new Set(committee.map(key));
  for (const { order: committed, node } of commitments) {
    if (committed !== order) throw wrong("one of another order", node);
    if (!seats.delete(key(node))) throw wrong("one by no node of the committee, or two by one node", node);
  }
  const mine = commitments.find(({ node }) => compareNodes(node, own.node) === 0);
  if (mine?.seal !== own.seal) throw wrong("not this node's own", own.node);
  const present = commitments.length;
  if (present === committee.length) return;
  const needed = now >= commitUntil(terms) ? quorumCount(terms.quorumBps, committee.length) : committee.length;
  if (present < needed) throw missing(present, needed, terms.deadline, now);
}

/** Checks that each commitment is its node's own. @throws `signature-invalid` */
export async function verifyCommitments(
  domain: ExchangeDomain,
  commitments: readonly Signed<Commitment>[],
): Promise<void> {
  for (const signed of commitments) await verifySignature(domain, "Commitment", signed, signed.message.node);
}

function key(address: Address): string {
  return address.toLowerCase();
}

function wrong(what: string, node: NodeId): ProtocolError {
  return new ProtocolError("invalid", "commitments-wrong", `The commitments hold ${what}.`, {
    hint: "Send one commitment of each node of the committee, as the nodes gave them.",
    context: { node },
  });
}

function missing(present: number, needed: number, deadline: UnixSeconds, now: UnixSeconds): ProtocolError {
  const from = commitUntil({ deadline });
  return new ProtocolError("conflict", "commitments-missing", `${needed} commitments are needed, ${present} came.`, {
    hint: `Send all of them; from ${from} on a quorum is enough.`,
    context: { present, needed, quorumFrom: from, now },
    retryable: true,
  });
}
