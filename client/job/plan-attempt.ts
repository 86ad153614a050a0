// From a bid and offers to a stored, unopened lease and the attempt that will use it. No money has moved yet.
import type { Hex } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Bid, Offer, Signed } from "#protocol/signed-messages.ts";
import { signingHash } from "#protocol/signing.ts";
import { formatAmount, type NodeId } from "#protocol/units.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { type Avoided, avoidedAmong, readAvoided } from "../committee/avoided-nodes.ts";
import { chooseCommittee } from "../committee/choose-committee.ts";
import { gatherOffers, newestOffers } from "../committee/gather-offers.ts";
import type { JobTerms } from "../job-terms.ts";
import { newLease } from "../lease/lease-terms.ts";
import { presentCommittee } from "../lease/present-committee.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import { fundingFor } from "../quote/price-cap.ts";
import type { Quote } from "../quote/quote.ts";
import { random32 } from "../random.ts";
import type { Attempt } from "../store/job-record.ts";
import { type LeaseRecord, newLeaseRecord } from "../store/lease-record.ts";
import { paysByVoucher, promisedPerNode } from "../vouchers/payer-account.ts";
import { readPayer } from "../vouchers/read-payer.ts";

export interface AttemptInput {
  readonly bid: Signed<Bid>;
  readonly terms: JobTerms;
  readonly quote: Quote;
  readonly banned: readonly NodeId[];
  /** Neither these nodes nor any other of their owners; the marketplace is not told of it. */
  readonly besides?: Avoided | undefined;
}

/**
 * Matches, and stores a lease for the committee.
 * @throws `committee-too-small`, `budget-too-small`, `account-underfunded`, `offers-missing`
 */
export async function planAttempt(world: ClientWorld, input: AttemptInput): Promise<Attempt> {
  const { ledger, store, clock, onProgress } = world;
  const { bid, terms, quote, besides } = input;
  const now = unixSeconds(clock);
  const found = besides ? await standingOffers(world) : await findOffers(world, bid, input.banned);
  const caught = await readAvoided(store, ledger.domain);
  const banned = [
    ...input.banned,
    ...[caught, besides].flatMap((avoided) => (avoided ? avoidedAmong(found, avoided) : [])),
  ];
  const { assurance } = terms;
  const offers = assurance ? found.filter(({ message }) => assurance.nodes.includes(message.node)) : found;
  const committee = await chooseCommittee({ ledger, bid: bid.message, offers, banned, now });
  const members = committee.map(({ message }) => message);
  const { maxPrice, amount } = fundingFor(quote, members, terms);
  const matched = members.map(({ node, owner }) => ({ node, owner }));
  onProgress({ step: "matched", committee: matched, cost: amount - terms.forceFee });
  await requireFunds(world, bid.message.consumer, amount);

  const nodes = matched.map(({ node }) => node);
  const { terms: leaseTerms, sessionKey } = newLease(bid.message.consumer, nodes);
  const record = newLeaseRecord({
    ...ledger.domain,
    terms: { ...leaseTerms, nodes: [...nodes] },
    sessionKey,
    committee: [...committee],
    amount,
    expiry: now + terms.deadlineSeconds + CLIENT_LIMITS.leaseMarginSeconds,
    use: "job",
    createdAt: now,
  });
  await store.saveLease(record);
  return newAttempt(record.lease, true, committee, maxPrice);
}

/**
 * An attempt in a lease that is already rented, at the nodes' present rates.
 * @throws `committee-caught`, `lease-ended`, `budget-too-small`, `lease-underfunded`
 */
export async function planInLease(world: ClientWorld, input: AttemptInput, rented: LeaseRecord): Promise<Attempt> {
  await requireUncaught(world, rented);
  // The bid is not posted: nobody else is to serve it.
  const committee = await presentCommittee(world, rented);
  const members = committee.map(({ message }) => message);
  const { maxPrice, amount } = fundingFor(input.quote, members, input.terms);
  const lease = await world.ledger.leaseOf(rented.lease);
  if (!lease?.open || rented.payer?.signed?.last) {
    throw new ProtocolError("conflict", "lease-ended", `Lease ${rented.lease} is not open.`, {
      hint: "Rent a new one with mimik rent.",
      context: { lease: rented.lease },
    });
  }
  const payer = paysByVoucher(rented) ? await readPayer(world, rented.lease) : undefined;
  const promised = payer ? promisedPerNode(payer) * BigInt(members.length) : 0n;
  if (lease.remaining < amount + promised) {
    const [held, needed] = [formatAmount(lease.remaining), formatAmount(amount)];
    const message = `The lease holds ${held}, its orders may cost ${formatAmount(promised)}, the job ${needed}.`;
    throw new ProtocolError("funds", "lease-underfunded", message, {
      hint: "Rent a new one with a larger budget, or run the job without --lease.",
      context: { lease: rented.lease, remaining: lease.remaining, promised, needed: amount },
    });
  }
  return newAttempt(rented.lease, false, committee, maxPrice);
}

async function requireUncaught({ store }: ClientWorld, { lease }: LeaseRecord): Promise<void> {
  const known = (await store.caught()).find(({ order }) => order.message.lease === lease);
  if (!known) return;
  const message = `The committee of lease ${lease} was caught with a wrong answer to order ${known.orderId}.`;
  throw new ProtocolError("rejected", "committee-caught", message, {
    hint: "Rent another one with mimik rent: these nodes and their owners are avoided.",
    context: { lease, order: known.orderId, nodes: known.nodes },
  });
}

function newAttempt(lease: Hex, ownLease: boolean, committee: readonly Signed<Offer>[], maxPrice: bigint): Attempt {
  return {
    lease,
    ownLease,
    committee: [...committee],
    maxPrice,
    order: null,
    orderId: null,
    token: random32(),
    commitments: null,
    answers: null,
    check: null,
    faults: [],
    responses: null,
    published: null,
    settlement: null,
    voucher: null,
    voucherRefusals: [],
  };
}

/** What can be had without a word to anyone. */
async function standingOffers({ marketplace, offers, signal }: ClientWorld): Promise<readonly Signed<Offer>[]> {
  return newestOffers(offers ?? (marketplace ? await gatherOffers(marketplace, signal) : []));
}

/**
 * The offers to match: given ones, or a marketplace's. The bid is posted there, so that others see the demand; what the
 * marketplace would match is only one more source of offers.
 */
async function findOffers(
  { marketplace, offers, ledger, signal }: ClientWorld,
  bid: Signed<Bid>,
  banned: readonly NodeId[],
): Promise<readonly Signed<Offer>[]> {
  if (offers) return newestOffers(offers);
  if (!marketplace) {
    throw new ProtocolError(
      "invalid",
      "offers-missing",
      "There is neither a marketplace nor an offer to choose from.",
      {
        hint: "Name a marketplace, or give offers.",
      },
    );
  }
  const matched =
    banned.length === 0
      ? (await marketplace.postBid(bid, { signal })).match
      : await marketplace.matchAgain(signingHash(ledger.domain, "Bid", bid.message), banned, { signal });
  return newestOffers([...matched.committee, ...(await gatherOffers(marketplace, signal))]);
}

async function requireFunds({ ledger }: ClientWorld, consumer: Bid["consumer"], needed: bigint): Promise<void> {
  const balance = await ledger.balanceOf(consumer);
  if (balance >= needed) return;
  const message = `Account ${consumer} holds ${formatAmount(balance)} in the exchange, ${formatAmount(needed)} are needed.`;
  throw new ProtocolError("funds", "account-underfunded", message, {
    hint: "Deposit the difference: mimik wallet fund.",
    context: { account: consumer, balance, needed },
  });
}
