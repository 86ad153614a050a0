// Rents capacity: a funded lease for a committee and a duration, in which jobs then need no transaction of their own to
// begin.
import type { Address, Hex } from "viem";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Bid, Offer, Signed } from "#protocol/signed-messages.ts";
import type { TypedDataSigner } from "#protocol/signing.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { RUNTIME_ID } from "#runtime/runtime-id.ts";
import { unixSeconds } from "./clock.ts";
import { avoidedAmong, readAvoided } from "./committee/avoided-nodes.ts";
import { type CommitteeInput, chooseCommittee } from "./committee/choose-committee.ts";
import { offersOfDrawn } from "./committee/drawn-offers.ts";
import { gatherOffers, newestOffers } from "./committee/gather-offers.ts";
import { drawLease } from "./draw/draw-lease.ts";
import type { JobTerms } from "./job-terms.ts";
import { newLease } from "./lease/lease-terms.ts";
import { requireBalance } from "./lease/require-balance.ts";
import { CLIENT_LIMITS } from "./limits.ts";
import { random32 } from "./random.ts";
import { openWorld, type WorldInput } from "./run-jobs.ts";
import { chainDraws } from "./settle/chain-draws.ts";
import { openDrawStore } from "./store/draw-store.ts";
import { type LeaseRecord, newLeaseRecord } from "./store/lease-record.ts";

export interface RentInput extends WorldInput {
  readonly wallet: TypedDataSigner;
  /** The budget is what the lease will hold. */
  readonly terms: JobTerms;
  readonly durationSeconds: number;
  /** Memory that one job may have, 64 KiB pages. */
  readonly memoryPages: number;
  /** The cheapest that serve, unless told; or whom the chain's randomness draws by stake. */
  readonly committee?: "chosen" | "drawn" | undefined;
}

export interface RentedLease {
  readonly record: LeaseRecord;
  readonly transaction: Hex | undefined;
}

type World = Awaited<ReturnType<typeof openWorld>>;

/**
 * @throws `duration-out-of-range`, `committee-too-small`, `account-underfunded`, the contract's refusals; for a drawn
 * committee also `drawn-node-unavailable`, `too-few-owners`, `beacon-late`
 */
export async function rentLease(input: RentInput): Promise<RentedLease> {
  const { durationSeconds } = input;
  if (durationSeconds < LIMITS.orderSecondsMin || durationSeconds > LIMITS.leaseSecondsMax) {
    throw new ProtocolError("invalid", "duration-out-of-range", `A lease cannot last ${durationSeconds} seconds.`, {
      hint: `Choose from ${LIMITS.orderSecondsMin} to ${LIMITS.leaseSecondsMax} seconds.`,
    });
  }
  const world = await openWorld(input);
  const consumer = input.wallet.address.toLowerCase() as Address;
  const committee = await chooseCommittee(await biddingOf(world, input, consumer));
  await requireBalance(world.ledger, consumer, input.terms.budget, "a lease");
  if (input.committee === "drawn") return rentDrawn(world, input, consumer);
  const nodes = committee.map(({ message }) => message.node);
  const { terms, sessionKey } = newLease(consumer, nodes);
  return openRented(world, input, { terms: { ...terms, nodes }, sessionKey, committee });
}

/** That a committee could be chosen is known by now, so that nobody pays for a draw that no offers could serve. */
async function rentDrawn(world: World, input: RentInput, consumer: Address): Promise<RentedLease> {
  const draws = chainDraws(input.chain, consumer, input.lane, world.signal);
  const store = await openDrawStore(input.home);
  const { replicas, budget } = input.terms;
  using drawn = await drawLease({ ...world, draws, store }, consumer, replicas, budget);
  const { terms, sessionKey } = drawn;
  let committee: readonly Signed<Offer>[];
  try {
    committee = await offersOfDrawn(await biddingOf(world, input, consumer), terms.nodes);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === "drawn-node-unavailable") await drawn.abandon();
    throw error;
  }
  const rented = await openRented(world, input, { terms, sessionKey, committee });
  await drawn.prove();
  return rented;
}

async function biddingOf(world: World, input: RentInput, consumer: Address): Promise<CommitteeInput> {
  const { ledger, store, clock, marketplace, offers, signal } = world;
  const now = unixSeconds(clock);
  const found = newestOffers(offers ?? (marketplace ? await gatherOffers(marketplace, signal) : []));
  // Whom the chain draws is not for this consumer to choose.
  const isDrawn = input.committee === "drawn";
  const banned = isDrawn ? [] : avoidedAmong(found, await readAvoided(store, ledger.domain));
  return { ledger, bid: capacityBid(input, consumer, now), offers: found, banned, now };
}

interface Seating {
  readonly terms: LeaseRecord["terms"];
  readonly sessionKey: Hex;
  readonly committee: readonly Signed<Offer>[];
}

async function openRented(world: World, input: RentInput, seating: Seating): Promise<RentedLease> {
  const { ledger, store, clock } = world;
  const now = unixSeconds(clock);
  const expiry = Math.max(now, await ledger.time()) + input.durationSeconds;
  const record = newLeaseRecord({
    ...ledger.domain,
    terms: seating.terms,
    sessionKey: seating.sessionKey,
    committee: [...seating.committee],
    amount: input.terms.budget,
    expiry,
    use: "rented",
    createdAt: now,
  });
  await store.saveLease(record);
  return { record, transaction: await ledger.openLease(record.terms, record.lease, record.amount, expiry) };
}

function capacityBid({ terms, memoryPages }: RentInput, consumer: Address, now: UnixSeconds): Bid {
  return {
    consumer,
    image: `0x${"00".repeat(32)}`,
    runtime: RUNTIME_ID,
    isolation: terms.isolation,
    scope: terms.scope,
    replicas: terms.replicas,
    quorumBps: terms.quorumBps,
    memoryPages,
    fuel: 0n,
    maxRates: terms.maxRates,
    budget: terms.budget,
    deadlineSeconds: terms.deadlineSeconds,
    salt: random32(),
    validFrom: now - CLIENT_LIMITS.bidBackdateSeconds,
    validUntil: now + CLIENT_LIMITS.bidSeconds,
  };
}
