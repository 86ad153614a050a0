// What a job's committee agreed on, by its stored record: as its nodes opened it to the consumer, or as they published it.
import type { Receipt } from "#protocol/order.ts";
import type { Attestation, Signed } from "#protocol/signed-messages.ts";
import type { NodeId } from "#protocol/units.ts";
import { currentAttempt, type JobRecord } from "../store/job-record.ts";
import { agreementOf } from "./check-context.ts";

export interface AgreedAnswer {
  readonly receipts: readonly Receipt[];
  readonly agreed: readonly NodeId[];
  /** Of the nodes that agreed, as far as they were shown. */
  readonly attestations: readonly Signed<Attestation>[];
}

/** Undefined where there is none. */
export async function agreedAnswerOf(record: JobRecord): Promise<AgreedAnswer | undefined> {
  const { answers, commitments, published } = currentAttempt(record);
  if (answers && commitments) {
    const { agreed, quorum } = await agreementOf(record);
    const receipts = agreed[0]?.receipts;
    const attestations = agreed.map(({ attestation }) => attestation);
    if (receipts && (quorum || !published)) {
      return { receipts, attestations, agreed: attestations.map(({ message }) => message.node) };
    }
  }
  return published ? { ...published, attestations: [] } : undefined;
}
