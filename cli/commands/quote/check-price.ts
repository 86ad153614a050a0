// What checking a share of the jobs costs, in money and in time of this machine, and what it is worth.
import { type Avoided, avoidedAmong } from "#client/committee/avoided-nodes.ts";
import type { CheckWish } from "#client/job-terms.ts";
import { quotedPrice } from "#client/quote/price-cap.ts";
import type { Quote } from "#client/quote/quote.ts";
import { wrongAnswersUntil } from "#protocol/answer-check.ts";
import { matchBid } from "#protocol/matching.ts";
import type { Bid, Offer, Signed } from "#protocol/signed-messages.ts";
import { formatAmount, type NodeId } from "#protocol/units.ts";

export interface CheckPrice extends CheckWish {
  /** What these jobs cost at another committee, base units; null when there is none, and they would be run here. */
  readonly duplicateTotal: bigint | null;
  /** What the checks cost on average for each run of these jobs, base units. */
  readonly expectedTotal: bigint;
  /** Time of this machine for all of these jobs, and on average for the checked ones. */
  readonly localMillis: number;
  readonly expectedMillis: number;
  /** Wrong answers after which the chance of being caught is at least one half, and at least 95 %. */
  readonly caughtAfter: { readonly half: number; readonly most: number };
}

export interface CheckPriceInput {
  readonly wish: CheckWish;
  readonly bid: Bid;
  readonly offers: readonly Signed<Offer>[];
  /** Of the committee whose jobs are checked. */
  readonly committee: readonly NodeId[];
  readonly quote: Quote;
  readonly now: number;
  /** What the quote's own run took. */
  readonly localMillis: number;
}

const PARTS = 1_000_000_000n;

export function priceOfChecks({ wish, bid, offers, committee, quote, now, localMillis }: CheckPriceInput): CheckPrice {
  const { share, by } = wish;
  const members = offers.filter(({ message }) => committee.includes(message.node)).map(({ message }) => message);
  const besides: Avoided = {
    nodes: new Set(members.map(({ node }) => node)),
    owners: new Set(members.map(({ owner }) => owner)),
  };
  const banned = new Set(avoidedAmong(offers, besides));
  const replicas = Math.max(1, committee.length);
  const messages = offers.map(({ message }) => message);
  const match = by === "committee" ? matchBid({ ...bid, replicas }, messages, { now, banned }) : undefined;
  const isFound = match !== undefined && !match.failure;
  const total = isFound ? match.committee.reduce((sum, { rates }) => sum + quotedPrice(quote, rates), 0n) : null;
  const parts = BigInt(Math.ceil(share * Number(PARTS)));
  return {
    share,
    by,
    duplicateTotal: total,
    expectedTotal: ((total ?? 0n) * parts + PARTS - 1n) / PARTS,
    localMillis,
    expectedMillis: total === null ? localMillis * share : 0,
    caughtAfter: { half: wrongAnswersUntil(share, 0.5), most: wrongAnswersUntil(share, 0.95) },
  };
}

/** Lines of the quote, by their names. */
export function checkLines(check: CheckPrice): readonly (readonly [string, string])[] {
  const { share, by, duplicateTotal, expectedTotal, expectedMillis, caughtAfter } = check;
  const often = `${Number((share * 100).toPrecision(6))} % of the jobs`;
  const why = by === "committee" ? " for want of another committee" : "";
  const how =
    duplicateTotal === null
      ? `run here${why}: no money, ${(expectedMillis / 1_000).toFixed(3)} s of this machine on average`
      : `at another committee for ${formatAmount(duplicateTotal)}: ${formatAmount(expectedTotal)} on average`;
  return [
    ["checks", `${often}, ${how}`],
    ["caught", `with 50 % after ${caughtAfter.half} wrong answers, with 95 % after ${caughtAfter.most}`],
  ];
}
