// The failure of a committee that agrees on a wrong answer. What it signed is kept, and the error says what was attested,
// what this machine's own run gives, by whom, and what can be done.
import type { Address } from "viem";
import { receiptDifference } from "#protocol/answer-check.ts";
import { compareNodes, type Receipt, resultHash } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { NodeId } from "#protocol/units.ts";
import type { Agreement } from "../check/find-agreement.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import type { CaughtRecord } from "../store/caught-record.ts";
import { currentAttempt, type JobRecord, withAttempt } from "../store/job-record.ts";
import { saved } from "./attempt-steps.ts";

export interface Wrong {
  /** Index of the job. */
  readonly job: number;
  /** This machine's own. */
  readonly own: Receipt;
  /** What differs first, for people. */
  readonly difference: string;
}

/** The evidence is stored first, then who is at fault, so that whoever reads of a fault finds what shows it. */
export async function wrongAnswer(
  world: ClientWorld,
  record: JobRecord,
  agreement: Agreement,
  wrong: Wrong,
): Promise<ProtocolError> {
  const caught = await caughtOf(world, record, agreement, wrong);
  await world.store.saveCaught(caught);
  await saved(world, withAttempt(record, { faults: faultsOf(agreement, wrong) }));
  return answerWrong(caught, wrong, currentAttempt(record).ownLease);
}

async function caughtOf(
  { store, clock }: ClientWorld,
  record: JobRecord,
  { agreed, dissenting }: Agreement,
  { job, own }: Wrong,
): Promise<CaughtRecord> {
  const { order, orderId, lease, committee } = currentAttempt(record);
  const [first] = agreed;
  if (!order || !orderId || !first) throw new ProtocolError("internal", "order-unsigned", "Nobody attested anything.");
  const { terms } = await store.lease(lease);
  const nodes: NodeId[] = agreed.map(({ attestation }) => attestation.message.node);
  const members = committee.filter(({ message }) => nodes.includes(message.node));
  const owners: Address[] = members.map(({ message }) => message.owner);
  return {
    version: 1,
    chainId: record.chainId,
    exchange: record.exchange,
    orderId,
    order,
    lease: terms,
    specs: record.specs,
    blobs: record.blobs,
    attestations: [...agreed, ...dissenting]
      .map(({ attestation }) => attestation)
      .toSorted((a, b) => compareNodes(a.message.node, b.message.node)),
    receipts: first.receipts,
    job,
    own,
    nodes,
    owners,
    caughtAt: unixSeconds(clock),
  };
}

/** Who dissents with this machine's own answer is not at fault. */
function faultsOf(
  { agreed, dissenting, faults }: Agreement,
  { job, own, difference }: Wrong,
): Agreement["faults"][number][] {
  const right = dissenting.filter(({ receipts }) => receiptDifference(own, receipts[job]) === undefined);
  const cleared = new Set(right.map(({ attestation }) => attestation.message.node));
  const detail = `Job ${job}: ${difference}.`.slice(0, 1_000);
  return [
    ...faults.filter(({ node }) => !cleared.has(node)),
    ...agreed.map(({ attestation }) => ({ node: attestation.message.node, reason: "wrong-answer" as const, detail })),
  ];
}

function answerWrong(caught: CaughtRecord, { job, own, difference }: Wrong, ownLease: boolean): ProtocolError {
  const { orderId, order, receipts, nodes } = caught;
  const told = receipts[job];
  // Of the job alone: its answer and its bill in 32 bytes, as an attestation has them of an order.
  const attested = told && resultHash([told]);
  const expected = resultHash([own]);
  const message =
    `Job ${job} of order ${orderId} is wrong: ${nodes.length} nodes attest ${attested}, this machine's own run gives ` +
    `${expected}. No voucher and no settlement is signed for it.`;
  const again = ownLease ? "Run the job again" : "Rent another lease and run the job again";
  return new ProtocolError("job-failed", "answer-wrong", message, {
    hint: `${again}: these nodes and their owners are avoided. What they signed is in caught/${orderId}.json.`,
    context: {
      order: orderId,
      lease: order.message.lease,
      job,
      attested,
      expected,
      difference,
      nodes,
      evidence: `caught/${orderId}.json`,
    },
    retryable: false,
  });
}
