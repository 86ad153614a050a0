// Decides which jobs of an order a consumer checks, whether an answer stands beside the one that it knows, and what a
// share of checks is worth. It never throws a die and runs nothing: chance and known answers come in as arguments.
import type { Receipt } from "./order.ts";
import { ProtocolError } from "./protocol-error.ts";

/** Who gives the answer that is compared: the consumer's own machine, or another committee of other owners. */
export const CHECK_WAYS = ["self", "committee"] as const;
export type CheckWay = (typeof CHECK_WAYS)[number];

/** @throws `check-out-of-range` unless 0 < share <= 1 */
export function requireCheckShare(share: number): void {
  if (share > 0 && share <= 1) return;
  throw new ProtocolError("invalid", "check-out-of-range", `A share of ${share} of all jobs cannot be checked.`, {
    hint: "Give a share above 0 and up to 1, such as 0.05.",
    context: { share, min: 0, max: 1 },
  });
}

/**
 * The jobs of an order that are checked, ascending, each with the probability `share` and apart from all others.
 * @param chance uniform in [0, 1), asked once a job; a consumer keeps its source secret from nodes
 */
export function drawChecks(jobs: number, share: number, chance: () => number): readonly number[] {
  return Array.from({ length: jobs }, (_, index) => index).filter(() => chance() < share);
}

/** The probability that at least one of `wrong` wrong answers is checked. */
export function caughtChance(share: number, wrong: number): number {
  // 1 - (1 - share) ^ wrong, also where the share is too small for that to keep its digits.
  return share >= 1 ? Math.min(1, wrong) : -Math.expm1(wrong * Math.log1p(-share));
}

/** The fewest wrong answers that are caught with at least the probability `chance`, which is below 1. */
export function wrongAnswersUntil(share: number, chance: number): number {
  let wrong = share >= 1 ? 1 : Math.max(1, Math.round(Math.log1p(-chance) / Math.log1p(-share)));
  while (caughtChance(share, wrong) < chance) wrong++;
  while (wrong > 1 && caughtChance(share, wrong - 1) >= chance) wrong--;
  return wrong;
}

/** What differs first between what is known of a job and what was told of it; undefined when answer and bill are alike. */
export function receiptDifference(known: Receipt, told: Receipt | undefined): string | undefined {
  if (!told) return "there is no receipt";
  const { usage } = known;
  const differences: readonly (readonly [what: string, here: unknown, there: unknown])[] = [
    ["request", known.request, told.request],
    ["outcome", known.outcome, told.outcome],
    ["response", known.response, told.response],
    ...(Object.keys(usage) as (keyof typeof usage)[]).map((axis) => [axis, usage[axis], told.usage[axis]] as const),
  ];
  const found = differences.find(([, here, there]) => here !== there);
  return found && `${found[0]} is ${found[1]} here, ${found[2]} in the receipt`;
}
