// What this consumer has seen of nodes itself. A good answer is one that is as its own machine's, which nobody but the node
// can give; so it needs no trust in a marketplace or in the other nodes of a committee.
import { NO_REPUTATION, nextReputation, type Reputation, type Verdict } from "#protocol/reputation.ts";
import type { NodeId } from "#protocol/units.ts";
import type { Usage } from "#protocol/usage.ts";
import type { FaultReason } from "../check/fault.ts";
import type { Attempt, JobRecord, NodeAnswer } from "../store/job-record.ts";

/** What a node cannot do by accident or by being slow. `different-result` is not here: the own run says who is right. */
const BREACHES: readonly FaultReason[] = [
  "commitment-broken",
  "commits-differ",
  "receipts-malformed",
  "receipts-mismatch",
  "overpriced",
  "wrong-answer",
];

/**
 * The record of every node of which this consumer's jobs tell something; silence tells nothing. Where a job was not run
 * here, to agree with others proves nothing, but to differ from a quorum is a fault: at worst that costs a check too many.
 */
export function ownRecords(jobs: readonly JobRecord[]): ReadonlyMap<NodeId, Reputation> {
  const records = new Map<NodeId, Reputation>();
  for (const job of jobs.toSorted((a, b) => a.createdAt - b.createdAt)) {
    if (job.state === "open") continue;
    for (const attempt of job.attempts) {
      for (const { message } of attempt.committee) {
        const verdict = verdictOn(job, attempt, message.node);
        if (verdict) records.set(message.node, nextReputation(records.get(message.node) ?? NO_REPUTATION, verdict));
      }
    }
  }
  return records;
}

function verdictOn(job: JobRecord, attempt: Attempt, node: NodeId): Verdict | undefined {
  const fault = attempt.faults.find((each) => each.node === node);
  if (fault && BREACHES.includes(fault.reason)) return "invalid";
  if (fault && fault.reason !== "different-result") return undefined;
  if (!job.quoted) return fault && attempt.responses ? "invalid" : undefined;
  const answer = attempt.answers?.find(({ attestation }) => attestation.message.node === node);
  return answer && (isAsRunHere(job, answer) ? "valid" : "invalid");
}

function isAsRunHere({ quoted, usage }: JobRecord, { receipts }: NodeAnswer): boolean {
  return receipts.every((receipt, index) => {
    const used = usage[index];
    return receipt.response === quoted?.[index] && used !== undefined && sameUsage(receipt.usage, used);
  });
}

function sameUsage(one: Usage, other: Usage): boolean {
  return (Object.keys(one) as (keyof Usage)[]).every((axis) => one[axis] === other[axis]);
}
