// Why a node of the committee is not among those that agreed.
import type { NodeId } from "#protocol/units.ts";

/**
 * - `unreachable`: never answered in time
 * - `refused`: would not take the order
 * - `failed`: took the order and gave up
 * - `late`: answered calls, but had no commitment or attestation in time
 * - `not-in-set`: committed after the set of commitments was fixed
 * - `signature-invalid`: signed nothing, or with another key, or for another order
 * - `commitment-broken`: opened something else than it had committed to
 * - `commits-differ`: attested to another set of commitments than it was shown
 * - `receipts-malformed`: its receipts are not of this order's jobs, or break their limits
 * - `receipts-mismatch`: its receipts are not those that it attested
 * - `overpriced`: asks more than its rates and the receipts give
 * - `different-result`: agrees with too few others
 * - `wrong-answer`: agrees with enough others on what this machine's own run does not give
 */
export const FAULT_REASONS = [
  "unreachable",
  "refused",
  "failed",
  "late",
  "not-in-set",
  "signature-invalid",
  "commitment-broken",
  "commits-differ",
  "receipts-malformed",
  "receipts-mismatch",
  "overpriced",
  "different-result",
  "wrong-answer",
] as const;
export type FaultReason = (typeof FAULT_REASONS)[number];

export interface Fault {
  readonly node: NodeId;
  readonly reason: FaultReason;
  /** What was seen, for people. */
  readonly detail: string;
}
