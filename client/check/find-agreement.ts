// Which nodes agree, who does not and why, and whether they are enough.
import type { Hex } from "viem";
import { compareNodes, quorumCount } from "#protocol/order.ts";
import type { Offer } from "#protocol/signed-messages.ts";
import type { NodeId } from "#protocol/units.ts";
import type { NodeAnswer } from "../store/job-record.ts";
import { type CheckContext, checkAnswer } from "./check-answer.ts";
import type { Fault } from "./fault.ts";

export interface Agreement {
  /** The answers of the largest group that gave the same result, ascending by node. */
  readonly agreed: readonly NodeAnswer[];
  /** Every other node of the committee; below the quorum every one that did not answer as this machine did. */
  readonly faults: readonly Fault[];
  /** Whether `agreed` is at least the quorum of the whole committee. */
  readonly quorum: boolean;
  /** Attestations that are well signed and sealed but give another result; the contract may be shown them. */
  readonly dissenting: readonly NodeAnswer[];
}

/**
 * Checks every answer and groups those that stand.
 * @param earlier why nodes have no answer at all
 */
export async function findAgreement(
  context: CheckContext,
  committee: readonly Offer[],
  answers: readonly NodeAnswer[],
  earlier: readonly Fault[],
): Promise<Agreement> {
  const faults = new Map<NodeId, Fault>(earlier.map((fault) => [fault.node, fault]));
  const groups = new Map<Hex, NodeAnswer[]>();
  for (const offer of committee) {
    const answer = answers.find(({ attestation }) => attestation.message.node === offer.node);
    if (!answer) {
      if (!faults.has(offer.node)) faults.set(offer.node, silent(offer.node));
      continue;
    }
    const fault = await checkAnswer(context, offer, answer);
    if (fault) faults.set(offer.node, fault);
    else
      groups.set(answer.attestation.message.resultHash, [
        ...(groups.get(answer.attestation.message.resultHash) ?? []),
        answer,
      ]);
  }
  const [largest = [], ...others] = [...groups.values()].toSorted((a, b) => b.length - a.length);
  const quorum = largest.length >= quorumCount(context.order.quorumBps, committee.length);
  // Below the quorum no answer is right by numbers: whoever does not answer as this machine did is at fault.
  const blamed = quorum ? others.flat() : [...groups.values()].flat().filter((answer) => !isExpected(context, answer));
  for (const { attestation } of blamed) {
    const { node, resultHash } = attestation.message;
    faults.set(node, { node, reason: "different-result", detail: `Its result is ${resultHash}.` });
  }
  return {
    agreed: largest.toSorted((a, b) => compareNodes(a.attestation.message.node, b.attestation.message.node)),
    faults: [...faults.values()].toSorted((a, b) => compareNodes(a.node, b.node)),
    quorum,
    dissenting: others.flat(),
  };
}

function isExpected({ expected }: CheckContext, { receipts }: NodeAnswer): boolean {
  return expected?.every((digest, index) => receipts[index]?.response === digest) ?? false;
}

function silent(node: NodeId): Fault {
  return { node, reason: "late", detail: "It gave no answer in time." };
}
