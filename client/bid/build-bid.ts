// The bid: what the consumer wants to run and the most it pays.
import type { Address, Hex } from "viem";
import type { Bid } from "#protocol/signed-messages.ts";
import { type Digest, digestToBytes32, type UnixSeconds } from "#protocol/units.ts";
import type { JobTerms } from "../job-terms.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import { type Quote, totalUsage } from "../quote/quote.ts";

export interface BidInput {
  readonly consumer: Address;
  readonly image: Digest;
  /** RUNTIME_ID of the runtime that made the quote. */
  readonly runtime: string;
  readonly terms: JobTerms;
  readonly quote: Quote;
  readonly salt: Hex;
  readonly now: UnixSeconds;
}

export function buildBid({ consumer, image, runtime, terms, quote, salt, now }: BidInput): Bid {
  const usage = totalUsage(quote.usage);
  return {
    consumer,
    image: digestToBytes32(image),
    runtime,
    isolation: terms.isolation,
    scope: terms.scope,
    replicas: terms.replicas,
    quorumBps: terms.quorumBps,
    memoryPages: Math.max(...quote.jobs.map((job) => job.memoryPages)),
    fuel: usage.fuel,
    maxRates: terms.maxRates,
    budget: terms.budget,
    deadlineSeconds: terms.deadlineSeconds,
    salt,
    validFrom: now - CLIENT_LIMITS.bidBackdateSeconds,
    validUntil: now + CLIENT_LIMITS.bidSeconds,
  };
}
