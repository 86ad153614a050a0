// Matching is protocol's; here its result is dressed for the consumer, who gets the offers as their nodes signed them and
// so need not believe the marketplace.
import type { MatchAnswer, OfferRow } from "#protocol/marketplace-api.ts";
import { matchBid } from "#protocol/matching.ts";
import type { Bid } from "#protocol/signed-messages.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";

/** The committee for `bid` among `rows`, or why there is none. */
export function answerMatch(
  bid: Bid,
  rows: readonly OfferRow[],
  options: { readonly now: UnixSeconds; readonly banned?: ReadonlySet<NodeId> },
): MatchAnswer {
  const byNode = new Map(rows.map((row) => [row.offer.message.node, row.offer]));
  const { committee, refusals, expectedCost, failure } = matchBid(
    bid,
    rows.map((row) => row.offer.message),
    options,
  );
  return {
    committee: committee.flatMap(({ node }) => byNode.get(node) ?? []),
    refusals: refusals.slice(0, MARKETPLACE_LIMITS.matchRefusals),
    expectedCost,
    ...(failure && { failure: { code: failure.code, detail: failure.detail } }),
  };
}
