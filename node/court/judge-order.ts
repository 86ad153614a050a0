// Runs a disputed order again, by the same code as an order of one's own, from blobs of those that ran it.
import type { Hex } from "viem";
import type { CourtClient } from "#mesh/court-client.ts";
import type { CaseEvidence } from "#protocol/node-api.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { runOrder } from "../orders/run-order.ts";
import type { SlotPool } from "../orders/slot-pool.ts";

export interface Judging {
  readonly order: Hex;
  /** Until then the blobs are kept, Unix seconds. */
  readonly closesAt: number;
  readonly evidence: CaseEvidence;
  /** Nodes that have the blobs. */
  readonly holders: readonly CourtClient[];
  readonly slots: SlotPool;
  readonly signal: AbortSignal;
}

/** What the order's jobs give. @throws `blob-missing` when nobody has one, and as `runOrder` */
export async function judgeOrder(parts: OrderParts, judging: Judging): Promise<Hex> {
  const { order, evidence, slots, signal } = judging;
  for (const { digest, size } of evidence.blobs) await fetchBlob(parts, judging, { digest, size });
  const work = { submission: evidence, rates: parts.terms.rates, terms: evidence.order.message };
  return (await runOrder(parts, { order, work, slots, signal })).resultHash;
}

async function fetchBlob(
  { reader, writer, blobs, log }: OrderParts,
  { order, closesAt, holders, signal }: Judging,
  { digest, size }: CaseEvidence["blobs"][number],
): Promise<void> {
  const pin = { order, until: closesAt };
  if (reader.hasBlob(digest)) return writer.addBlob(digest, size, pin);
  for (const holder of holders) {
    try {
      const bytes = await holder.blob(order, digest, size, { signal, timeoutMillis: NODE_LIMITS.courtBlobMillis });
      return await blobs.receive(digest, size, only(bytes), pin);
    } catch (error) {
      if (signal.aborted) throw error;
      log.info({ order, digest, err: error }, "a node does not show a blob");
    }
  }
  throw new ProtocolError("not-found", "blob-missing", `Nobody shows the blob ${digest} of order ${order}.`, {
    hint: "Try again while the case is open.",
    context: { order, digest },
    retryable: true,
  });
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
