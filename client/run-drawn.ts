// Runs jobs on a committee that the chain draws: a lease is rented for them and they run in it, since a draw takes longer
// than an offer stands still.
import { ProtocolError } from "#protocol/protocol-error.ts";
import { openImage } from "#runtime/image/open-image.ts";
import type { JobResult } from "./job-result.ts";
import { jobTerms } from "./job-terms.ts";
import { CLIENT_LIMITS } from "./limits.ts";
import { rentLease } from "./rent-lease.ts";
import { type RunInput, runJobs } from "./run-jobs.ts";

/**
 * As `runJobs`; what the jobs do not use of the lease comes back when it ends, like that of any rented lease.
 * @throws `lease-with-drawn`, and as `rentLease` for a drawn committee and `runJobs`
 */
export async function runDrawn(input: RunInput): Promise<JobResult> {
  if (input.lease !== undefined) {
    throw new ProtocolError("invalid", "lease-with-drawn", "A lease has its committee already: none can be drawn.", {
      hint: "Give either a lease or the wish for a drawn committee.",
    });
  }
  const terms = jobTerms(input.options);
  const { record } = await rentLease({
    ...input,
    // The fee is on top of what the nodes may be paid.
    terms: { ...terms, budget: terms.budget + terms.forceFee },
    durationSeconds: terms.deadlineSeconds + CLIENT_LIMITS.drawnLeaseSeconds,
    memoryPages: await memoryOf(input),
    committee: "drawn",
  });
  return runJobs({ ...input, lease: record.lease });
}

/** The most that one job may have: the quote, which comes later, only ever needs less. */
async function memoryOf({ image, limits }: RunInput): Promise<number> {
  if (limits?.memoryPages !== undefined) return limits.memoryPages;
  const { config } = await openImage(image.digest, async (digest) => image.blobs.get(digest) ?? new Uint8Array());
  return config.limits.memoryPages;
}
