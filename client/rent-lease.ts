// Rents capacity: a funded lease for a committee and a duration, in which jobs then need no transaction of their own to
// begin.
import type { Address, Hex } from "viem";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Bid } from "#protocol/signed-messages.ts";
import { leaseIdOf, type TypedDataSigner } from "#protocol/signing.ts";
import { formatAmount, type UnixSeconds } from "#protocol/units.ts";
import { RUNTIME_ID } from "#runtime/runtime-id.ts";
import { unixSeconds } from "./clock.ts";
import { chooseCommittee } from "./committee/choose-committee.ts";
import { gatherOffers, newestOffers } from "./committee/gather-offers.ts";
import type { JobTerms } from "./job-terms.ts";
import { newLease } from "./lease/lease-terms.ts";
import { CLIENT_LIMITS } from "./limits.ts";
import { random32 } from "./random.ts";
import { openWorld, type WorldInput } from "./run-jobs.ts";
import type { LeaseRecord } from "./store/lease-record.ts";
import { openPayer } from "./store/payer-record.ts";

export interface RentInput extends WorldInput {
  readonly wallet: TypedDataSigner;
  /** The budget is what the lease will hold. */
  readonly terms: JobTerms;
  readonly durationSeconds: number;
  /** Memory that one job may have, 64 KiB pages. */
  readonly memoryPages: number;
}

export interface RentedLease {
  readonly record: LeaseRecord;
  readonly transaction: Hex | undefined;
}

/** @throws `duration-out-of-range`, `committee-too-small`, `account-underfunded`, the contract's refusals */
export async function rentLease(input: RentInput): Promise<RentedLease> {
  const { terms, wallet, durationSeconds } = input;
  if (durationSeconds < LIMITS.orderSecondsMin || durationSeconds > LIMITS.leaseSecondsMax) {
    throw new ProtocolError("invalid", "duration-out-of-range", `A lease cannot last ${durationSeconds} seconds.`, {
      hint: `Choose from ${LIMITS.orderSecondsMin} to ${LIMITS.leaseSecondsMax} seconds.`,
    });
  }
  const { ledger, store, clock, marketplace, offers, signal } = await openWorld(input);
  const now = unixSeconds(clock);
  const consumer = wallet.address.toLowerCase() as Address;
  const bid = capacityBid(input, consumer, now);
  const found = offers ?? (marketplace ? await gatherOffers(marketplace, signal) : []);
  const committee = await chooseCommittee({ ledger, bid, offers: newestOffers(found), banned: [], now });
  const balance = await ledger.balanceOf(consumer);
  if (balance < terms.budget) {
    const message = `Account ${consumer} holds ${formatAmount(balance)}, the lease takes ${formatAmount(terms.budget)}.`;
    throw new ProtocolError("funds", "account-underfunded", message, {
      hint: "Deposit the difference: mimik wallet fund.",
      context: { account: consumer, balance, needed: terms.budget },
    });
  }
  const nodes = committee.map(({ message }) => message.node);
  const { terms: leaseTerms, sessionKey } = newLease(consumer, nodes);
  const expiry = Math.max(now, await ledger.time()) + durationSeconds;
  const record: LeaseRecord = {
    version: 1,
    lease: leaseIdOf(leaseTerms),
    ...ledger.domain,
    terms: { ...leaseTerms, nodes },
    sessionKey,
    committee: [...committee],
    amount: terms.budget,
    expiry,
    orders: 0,
    use: "rented",
    createdAt: now,
    closed: false,
    payer: openPayer(),
  };
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
