// From a wanted confidence to the terms that give it: how many nodes, and which may serve. Chance decides here whether a
// trusted node is checked this time.
import type { Address } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type Candidate, planReplication, type ReplicationPlan } from "#protocol/replication-plan.ts";
import type { Offer, Signed } from "#protocol/signed-messages.ts";
import type { Digest } from "#protocol/units.ts";
import { buildBid } from "../bid/build-bid.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { avoidedAmong, readAvoided } from "../committee/avoided-nodes.ts";
import { findForged } from "../committee/choose-committee.ts";
import { gatherOffers, newestOffers } from "../committee/gather-offers.ts";
import type { Assurance, JobTerms } from "../job-terms.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import type { Quote } from "../quote/quote.ts";
import { random32, randomShare } from "../random.ts";
import { findCandidates } from "./find-candidates.ts";
import { ownRecords } from "./own-records.ts";
import { readReputations } from "./read-reputations.ts";

export interface AssuranceInput {
  /** Wanted probability that the answer is right. */
  readonly confidence: number;
  readonly consumer: Address;
  readonly image: Digest;
  readonly runtimeId: string;
  /** Its replicas and quorum are replaced. */
  readonly terms: JobTerms;
  readonly quote: Quote;
  /** A rented lease has its committee already. */
  readonly lease?: string | undefined;
}

/** @throws `confidence-in-lease`, `confidence-out-of-range`, `confidence-out-of-reach`, the marketplace's refusals */
export async function assureTerms(world: ClientWorld, input: AssuranceInput): Promise<JobTerms> {
  if (input.lease !== undefined) {
    throw new ProtocolError("invalid", "confidence-in-lease", "A rented lease has the committee that it has.", {
      hint: "Leave out the confidence, or the lease.",
      context: { lease: input.lease },
    });
  }
  const { marketplace, signal } = world;
  const standing = world.offers ?? (marketplace ? await gatherOffers(marketplace, signal) : []);
  const told = world.offers || !marketplace ? new Map() : await readReputations(marketplace, signal);
  const caught = new Set(avoidedAmong(standing, await readAvoided(world.store, world.ledger.domain)));
  const own = ownRecords(await world.store.jobs());
  const now = unixSeconds(world.clock);
  const bid = buildBid({ ...input, runtime: input.runtimeId, salt: random32(), now });
  const offers = new Map(
    newestOffers(standing)
      .filter(({ message }) => !caught.has(message.node))
      .map((offer) => [offer.message.node, offer]),
  );
  const chance = randomShare();
  for (let tried = 0; ; tried++) {
    const messages = [...offers.values()].map(({ message }) => message);
    const candidates = findCandidates({ bid, offers: messages, quote: input.quote, told, own, now });
    const plan = planReplication({ confidence: input.confidence, candidates, chance });
    const forged = await findForged(world.ledger, seatsOf(plan, offers));
    if (forged.length === 0 || tried >= CLIENT_LIMITS.rematches) return assured(world, input, plan, candidates);
    // A false offer must not stand in the way of a check, so what is planned is planned without it.
    for (const node of forged) offers.delete(node);
  }
}

function seatsOf({ committee }: ReplicationPlan, offers: ReadonlyMap<string, Signed<Offer>>): Signed<Offer>[] {
  return committee.seats.flatMap(({ node }) => offers.get(node) ?? []);
}

function assured(
  { onProgress }: ClientWorld,
  { terms, confidence }: AssuranceInput,
  plan: ReplicationPlan,
  candidates: readonly Candidate[],
): JobTerms {
  const { committee, spotCheck, checkedShare } = plan;
  const { seats, quorum, inARowMin } = committee;
  const seated = new Set(seats);
  const last = candidates.findLastIndex((candidate) => seated.has(candidate));
  // The match takes the cheapest of these, which are the seats; the dearer ones are for when some of those fail.
  const nodes = candidates
    .filter((candidate, index) => seated.has(candidate) || (index > last && candidate.inARow >= inARowMin))
    .slice(0, CLIENT_LIMITS.assuredNodes)
    .map(({ node }) => node);
  const assurance: Assurance = { wanted: confidence, reached: committee.confidence, spotCheck, checkedShare, nodes };
  const replicas = seats.length;
  onProgress({ step: "assured", replicas, reached: committee.confidence, spotCheck });
  return { ...terms, replicas, quorumBps: Math.floor((quorum * 10_000) / replicas), assurance };
}
