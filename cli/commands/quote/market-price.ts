// What a quoted job would cost at the market now: for so many replicas, or for a wanted confidence.
import { buildBid } from "#client/bid/build-bid.ts";
import { avoidedAmong, readAvoided } from "#client/committee/avoided-nodes.ts";
import { gatherOffers } from "#client/committee/gather-offers.ts";
import { findCandidates } from "#client/confidence/find-candidates.ts";
import { ownRecords } from "#client/confidence/own-records.ts";
import { readReputations } from "#client/confidence/read-reputations.ts";
import { jobTerms } from "#client/job-terms.ts";
import { quotedPrice } from "#client/quote/price-cap.ts";
import type { Quote } from "#client/quote/quote.ts";
import { random32 } from "#client/random.ts";
import { type ClientStore, openClientStore } from "#client/store/client-store.ts";
import { matchBid } from "#protocol/matching.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { expectedCost, planReplication, type ReplicationPlan } from "#protocol/replication-plan.ts";
import type { Bid, Offer, Signed } from "#protocol/signed-messages.ts";
import { formatAmount, type NodeId } from "#protocol/units.ts";
import type { PackedImage } from "#runtime/image/image.ts";
import { RUNTIME_ID } from "#runtime/runtime-id.ts";
import type { CommandContext } from "../../command/command-context.ts";
import { openMarketplace, settingsOf } from "../../session/open-session.ts";
import type { Settings } from "../../settings/settings.ts";
import { type CheckPrice, checkLines, priceOfChecks } from "./check-price.ts";
import type { QuoteOptions } from "./quote-options.ts";

export interface MarketPrice {
  /** Null when there is no committee. */
  readonly total: bigint | null;
  readonly nodes: readonly { readonly node: NodeId; readonly price: bigint }[];
  readonly failure?: string;
  readonly confidence?: QuotedConfidence;
  /** Where checks are wanted and there is a committee. */
  readonly checks?: CheckPrice;
}

interface QuotedConfidence {
  readonly wanted: number;
  readonly reached: number;
  readonly replicas: number;
  readonly quorum: number;
  /** How often such a job is replicated; 1 for always. */
  readonly checkedShare: number;
  /** What it costs when it is. */
  readonly checkedTotal: bigint;
  /** What it costs on average. */
  readonly expectedTotal: bigint;
}

/** What was packed and run here. */
export interface QuotedRun {
  readonly image: PackedImage;
  readonly quote: Quote;
  /** What the run took on this machine. */
  readonly millis: number;
}

/** What a committee would ask now. Offers change: what is signed in a bid is only the most that is paid. */
export async function priceAtMarket(
  context: CommandContext,
  options: QuoteOptions,
  { image, quote, millis }: QuotedRun,
): Promise<MarketPrice> {
  const settings = await settingsOf(context);
  const { signal } = context;
  const marketplace = openMarketplace(settings);
  const store = await openClientStore(settings.home);
  const signed = await choosableOffers(settings, store, await gatherOffers(marketplace, signal));
  const offers = signed.map(({ message }) => message);
  const now = Math.floor(Date.now() / 1_000);
  const consumer = `0x${"00".repeat(20)}` as const;
  const terms = jobTerms(options.terms);
  const bid = buildBid({ consumer, image: image.digest, runtime: RUNTIME_ID, terms, quote, salt: random32(), now });
  const { confidence, check: wish } = options;
  const withChecks = (price: MarketPrice): MarketPrice => {
    if (!wish || price.total === null) return price;
    const committee = price.nodes.map(({ node }) => node);
    return {
      ...price,
      checks: priceOfChecks({ wish, bid, offers: signed, committee, quote, now, localMillis: millis }),
    };
  };
  if (confidence === undefined) return withChecks(priceOfMatch(bid, offers, quote, now));
  const told = await readReputations(marketplace, signal);
  const own = ownRecords(await store.jobs());
  const candidates = findCandidates({ bid, offers, quote, told, own, now });
  try {
    // No job is checked on the spot by this chance, so what is shown is what most of them get.
    const plan = planReplication({ confidence, candidates, chance: 1 - Number.EPSILON });
    return withChecks(priceOfPlan(confidence, plan));
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== "confidence-out-of-reach") throw error;
    return { total: null, nodes: [], failure: error.message };
  }
}

/** Without those of nodes that this consumer has caught and would not choose. */
async function choosableOffers(
  { chainId, exchange }: Settings,
  store: ClientStore,
  found: readonly Signed<Offer>[],
): Promise<readonly Signed<Offer>[]> {
  if (chainId === undefined || exchange === undefined) return found;
  const avoided = new Set(avoidedAmong(found, await readAvoided(store, { chainId, exchange })));
  return found.filter(({ message }) => !avoided.has(message.node));
}

function priceOfMatch(bid: Bid, offers: readonly Offer[], quote: Quote, now: number): MarketPrice {
  const match = matchBid(bid, offers, { now });
  const nodes = match.committee.map(({ node, rates }) => ({ node, price: quotedPrice(quote, rates) }));
  if (match.failure) return { total: null, nodes, failure: match.failure.detail };
  return { total: nodes.reduce((sum, { price }) => sum + price, 0n), nodes };
}

function priceOfPlan(wanted: number, plan: ReplicationPlan): MarketPrice {
  const { seats, quorum, confidence: reached, price } = plan.committee;
  return {
    total: price,
    nodes: seats.map(({ node, price }) => ({ node, price })),
    confidence: {
      wanted,
      reached,
      replicas: seats.length,
      quorum,
      checkedShare: plan.checkedShare,
      checkedTotal: plan.replicated.price,
      expectedTotal: expectedCost(plan),
    },
  };
}

/** Lines of the quote, by their names. */
export function priceLines(price: MarketPrice): readonly (readonly [string, string])[] {
  return [...costLines(price), ...(price.checks ? checkLines(price.checks) : [])];
}

function costLines({ total, nodes, failure, confidence }: MarketPrice): readonly (readonly [string, string])[] {
  const price =
    total === null
      ? `unknown: ${failure}`
      : `${formatAmount(total)} for ${nodes.length === 1 ? "1 node" : `${nodes.length} nodes`}`;
  if (!confidence) return [["price", price]];
  const { wanted, reached, quorum, checkedShare, checkedTotal, expectedTotal } = confidence;
  const who = nodes.length === 1 ? "1 trusted node answers alone" : `${quorum} of ${nodes.length} nodes must agree`;
  const sure = `${reached.toFixed(6)}, ${wanted} is wanted; ${who}`;
  const lines = [["price", price] as const, ["confidence", sure] as const];
  if (checkedShare === 1) return lines;
  const often = `1 job in ${Math.round(1 / checkedShare)} is run by a committee for ${formatAmount(checkedTotal)}`;
  return [...lines, ["spot checks", `${often}; ${formatAmount(expectedTotal)} a job on average`]];
}
