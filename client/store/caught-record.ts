// The form of the file that is kept of a committee that was caught with a wrong answer: everything that it signed for the
// order, and what the order was, so that it can be shown to others. The same file says whom this consumer avoids.
import { z } from "zod";
import { LIMITS } from "#protocol/limits.ts";
import { blobDescriptor } from "#protocol/node-api.ts";
import * as wire from "#protocol/wire.ts";

export const caughtRecord = z.strictObject({
  version: z.literal(1),
  chainId: z.int(),
  exchange: wire.address,
  orderId: wire.bytes32,
  order: wire.signed(wire.jobOrder),
  lease: wire.leaseTerms,
  specs: z.array(wire.jobSpec).max(LIMITS.orderJobs).min(1),
  blobs: z.array(blobDescriptor).max(LIMITS.orderBlobs),
  /** Every one that is well signed and sealed, of whatever result; ascending by node, as the court takes them. */
  attestations: z.array(wire.signed(wire.attestation)).max(LIMITS.committeeNodes),
  /** What the caught nodes attested, job by job. */
  receipts: z.array(wire.receipt).max(LIMITS.orderJobs).min(1),
  /** The job that was found wrong first, and what this machine's own run of it gave. */
  job: z.int().min(0),
  own: wire.receipt,
  /** Those that attested the wrong answer, and their owners on chain. */
  nodes: z.array(wire.address).max(LIMITS.committeeNodes).min(1),
  owners: z.array(wire.address).max(LIMITS.committeeNodes).min(1),
  caughtAt: z.int(),
});
export type CaughtRecord = z.output<typeof caughtRecord>;
