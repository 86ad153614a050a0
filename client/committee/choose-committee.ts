// The committee for a bid, matched here and checked against signatures and the chain before any money moves.
import { isAddressEqual } from "viem";
import { type Match, matchBid } from "#protocol/matching.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Bid, Offer, Signed } from "#protocol/signed-messages.ts";
import { verifySignature } from "#protocol/signing.ts";
import { formatAmount, type NodeId, type UnixSeconds } from "#protocol/units.ts";
import type { Ledger } from "../ledger.ts";
import { CLIENT_LIMITS } from "../limits.ts";

export interface CommitteeInput {
  readonly ledger: Pick<Ledger, "domain" | "ownerOf">;
  readonly bid: Bid;
  /** One a node. */
  readonly offers: readonly Signed<Offer>[];
  readonly banned: Iterable<NodeId>;
  readonly now: UnixSeconds;
}

/**
 * Signed offers in the committee's order. Only those that would be chosen are checked, the cheapest first; a forged one
 * or one whose node is not its owner's on chain is passed over.
 * @throws `committee-too-small`, `budget-too-small`, `bid-expired`, `bid-not-yet-valid`
 */
export async function chooseCommittee(input: CommitteeInput): Promise<readonly Signed<Offer>[]> {
  const { bid, now } = input;
  const banned = new Set(input.banned);
  const bySigned = new Map(input.offers.map((offer) => [offer.message, offer]));
  for (let tried = 0; ; tried++) {
    const match = matchBid(bid, [...bySigned.keys()], { now, banned });
    if (match.failure) throw noCommittee(match);
    const committee = match.committee.flatMap((offer) => bySigned.get(offer) ?? []);
    const forged = await findForged(input.ledger, committee);
    if (forged.length === 0) return committee;
    if (tried >= CLIENT_LIMITS.rematches) throw noCommittee(match);
    for (const node of forged) banned.add(node);
  }
}

/** The nodes of offers that they did not sign, or that name another owner than the chain. */
export async function findForged(
  ledger: CommitteeInput["ledger"],
  offers: readonly Signed<Offer>[],
): Promise<NodeId[]> {
  const verdicts = await Promise.all(
    offers.map(async (offer) => {
      const { node, owner } = offer.message;
      const registered = await ledger.ownerOf(node);
      if (registered === undefined || !isAddressEqual(registered, owner)) return [node];
      const byNode = await verifySignature(ledger.domain, "Offer", offer, node).then(
        () => true,
        () => false,
      );
      return byNode ? [] : [node];
    }),
  );
  return verdicts.flat();
}

/** Why a match has no committee, as people are told it. */
export function noCommittee({ failure, refusals }: Match): ProtocolError {
  if (failure?.code === "budget-too-small") {
    const cost = formatAmount(failure.cost);
    return new ProtocolError("funds", failure.code, `The cheapest committee costs ${cost}. Nothing was bought.`, {
      hint: `Give a budget of at least ${cost}, or fewer replicas.`,
      context: { cost: failure.cost, budget: failure.budget },
    });
  }
  if (failure && failure.code !== "too-few-offers") {
    return new ProtocolError("rejected", failure.code, failure.detail, { hint: "Make a new bid." });
  }
  const reasons = refusals.slice(0, 8).map(({ node, reason, detail }) => `${node} ${reason}: ${detail}`);
  const detail = failure?.detail ?? "Too many offers are forged.";
  return new ProtocolError("not-found", "committee-too-small", `No committee for this bid: ${detail}`, {
    hint: "Wait for more offers, raise the limits on rates, or ask for fewer replicas.",
    context: { refusals: reasons },
    retryable: true,
  });
}
