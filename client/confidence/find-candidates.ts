// From a bid and offers to the nodes that could serve it, in the order in which the match would take them, with what each
// costs and how far this consumer believes in it.
import { expectedPrice, matchBid, type RefusalReason } from "#protocol/matching.ts";
import { compareNodes } from "#protocol/order.ts";
import type { Candidate } from "#protocol/replication-plan.ts";
import { believedInARow, NO_REPUTATION, type Reputation } from "#protocol/reputation.ts";
import type { Bid, Offer } from "#protocol/signed-messages.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import { quotedPrice } from "../quote/price-cap.ts";
import type { Quote } from "../quote/quote.ts";

export interface CandidateInput {
  /** Its replicas and budget say nothing here. */
  readonly bid: Bid;
  readonly offers: readonly Offer[];
  readonly quote: Pick<Quote, "usage">;
  /** Nodes' records as a marketplace tells them. */
  readonly told: ReadonlyMap<NodeId, Reputation>;
  /** And as this consumer has seen them. */
  readonly own: ReadonlyMap<NodeId, Reputation>;
  readonly now: UnixSeconds;
}

/** Above what any job may cost: a limit on money is checked when the committee is known. */
const NO_BUDGET = 2n ** 128n;
/** Why an offer is not the one that would serve alone, although it could. */
const STILL_ABLE: readonly RefusalReason[] = ["owner-already-chosen", "not-among-cheapest"];

export function findCandidates({ bid, offers, quote, told, own, now }: CandidateInput): readonly Candidate[] {
  const { refusals } = matchBid({ ...bid, replicas: 1, budget: NO_BUDGET }, offers, { now });
  const unable = new Set(refusals.filter(({ reason }) => !STILL_ABLE.includes(reason)).map(({ node }) => node));
  return offers
    .filter(({ node }) => !unable.has(node))
    .map((offer) => ({ offer, expected: expectedPrice(bid, offer.rates) }))
    .sort((a, b) => Number(a.expected - b.expected) || compareNodes(a.offer.node, b.offer.node))
    .map(({ offer: { node, owner, rates } }) => {
      const inARow = believedInARow(told.get(node) ?? NO_REPUTATION, own.get(node) ?? NO_REPUTATION);
      return { node, owner, price: quotedPrice(quote, rates), inARow };
    });
}
