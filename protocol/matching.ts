// Decides which offers serve a bid and, for every other offer, the first reason in a stated order why not. Pure: the same
// bid, offers and time give the same committee anywhere. It never looks at balances, reputations or the network.
import type { Address } from "viem";
import { isolationAtLeast } from "./isolation.ts";
import { compareNodes, quorumCount } from "./order.ts";
import type { Bid, Offer } from "./signed-messages.ts";
import type { Amount, NodeId, UnixSeconds } from "./units.ts";
import { priceOf, RATE_AXES, type Rates, type Usage } from "./usage.ts";

/**
 * Why an offer does not serve a bid. The order is part of the protocol: an offer that fails in several ways is refused
 * for the first of them.
 */
export const REFUSALS = [
  "offer-not-yet-valid",
  "offer-expired",
  "node-banned",
  "runtime-differs",
  "isolation-too-weak",
  "scope-not-served",
  "memory-too-small",
  "no-free-slot",
  "rate-too-high",
  "owner-already-chosen",
  "not-among-cheapest",
] as const;
export type RefusalReason = (typeof REFUSALS)[number];

export interface Refusal {
  readonly node: NodeId;
  readonly reason: RefusalReason;
  /** What the offer has and what the bid wants, for people. */
  readonly detail: string;
}

export interface Match {
  /** The chosen offers in the committee's order, ascending by node; empty when there is no committee. */
  readonly committee: readonly Offer[];
  readonly refusals: readonly Refusal[];
  /** What the committee is expected to cost together for the bid's expected usage. */
  readonly expectedCost: Amount;
  /** Why there is no committee, when there is none. */
  readonly failure?: MatchFailure;
}

export type MatchFailure =
  | { readonly code: "bid-not-yet-valid" | "bid-expired"; readonly detail: string }
  | { readonly code: "too-few-offers"; readonly wanted: number; readonly matched: number; readonly detail: string }
  | { readonly code: "budget-too-small"; readonly cost: Amount; readonly budget: Amount; readonly detail: string };

export interface MatchOptions {
  readonly now: UnixSeconds;
  /** Nodes that the consumer will not use again for this work, such as those that lied. */
  readonly banned?: ReadonlySet<NodeId>;
}

/**
 * Matches one bid with offers: the cheapest for the bid's expected usage, one node an owner, ties by node.
 * A signature and a registration are the caller's to check before.
 */
export function matchBid(bid: Bid, offers: readonly Offer[], options: MatchOptions): Match {
  const closed = bidClosed(bid, options.now);
  if (closed) return { committee: [], refusals: [], expectedCost: 0n, failure: closed };

  const refusals: Refusal[] = [];
  const able: Offer[] = [];
  for (const offer of offers) {
    const refusal = refuseOffer(bid, offer, options);
    if (refusal) refusals.push(refusal);
    else able.push(offer);
  }
  const chosen = chooseCheapest(bid, able, refusals);
  if (chosen.length < bid.replicas) {
    const detail = `${bid.replicas} nodes of different owners are wanted, ${chosen.length} can serve.`;
    return {
      committee: [],
      refusals,
      expectedCost: 0n,
      failure: { code: "too-few-offers", wanted: bid.replicas, matched: chosen.length, detail },
    };
  }
  const expectedCost = chosen.reduce((sum, offer) => sum + expectedPrice(bid, offer.rates), 0n);
  if (expectedCost > bid.budget) {
    const detail = `The committee would cost ${expectedCost} base units, the budget is ${bid.budget}.`;
    return {
      committee: [],
      refusals,
      expectedCost,
      failure: { code: "budget-too-small", cost: expectedCost, budget: bid.budget, detail },
    };
  }
  return { committee: chosen.toSorted((a, b) => compareNodes(a.node, b.node)), refusals, expectedCost };
}

/** What one node is expected to charge for the bid's work. */
export function expectedPrice(bid: Bid, rates: Rates): Amount {
  const usage: Usage = { fuel: bid.fuel, memoryPages: bid.memoryPages, bytesIn: 0, bytesOut: 0, events: 0 };
  return priceOf(usage, rates);
}

/** How many nodes of the bid's committee must agree. */
export function bidQuorum(bid: Bid): number {
  return quorumCount(bid.quorumBps, bid.replicas);
}

function bidClosed(bid: Bid, now: UnixSeconds): MatchFailure | undefined {
  if (now < bid.validFrom) return { code: "bid-not-yet-valid", detail: `The bid is valid from ${bid.validFrom}.` };
  if (now >= bid.validUntil) return { code: "bid-expired", detail: `The bid was valid until ${bid.validUntil}.` };
  return undefined;
}

/** The checks stand in the order of REFUSALS. */
function refuseOffer(bid: Bid, offer: Offer, { now, banned }: MatchOptions): Refusal | undefined {
  const refuse = (reason: RefusalReason, detail: string): Refusal => ({ node: offer.node, reason, detail });
  if (now < offer.validFrom) return refuse("offer-not-yet-valid", `Valid from ${offer.validFrom}, now is ${now}.`);
  if (now >= offer.validUntil) return refuse("offer-expired", `Valid until ${offer.validUntil}, now is ${now}.`);
  if (banned?.has(offer.node)) return refuse("node-banned", "The consumer has banned this node for this work.");
  if (offer.runtime !== bid.runtime) return refuse("runtime-differs", `Runs ${offer.runtime}, wanted ${bid.runtime}.`);
  if (!isolationAtLeast(offer.isolation, bid.isolation)) {
    return refuse("isolation-too-weak", `Isolates by ${offer.isolation}, wanted ${bid.isolation}.`);
  }
  if (bid.scope !== "any" && !offer.scopes.includes(bid.scope)) {
    return refuse("scope-not-served", `Serves ${offer.scopes.join(", ") || "any"}, wanted ${bid.scope}.`);
  }
  if (offer.memoryPages < bid.memoryPages) {
    return refuse("memory-too-small", `Has ${offer.memoryPages} pages a job, wanted ${bid.memoryPages}.`);
  }
  if (offer.slots === 0) return refuse("no-free-slot", "Runs as many jobs as it can.");
  for (const axis of RATE_AXES) {
    if (offer.rates[axis] > bid.maxRates[axis]) {
      return refuse("rate-too-high", `Asks ${offer.rates[axis]} for ${axis}, at most ${bid.maxRates[axis]} is bid.`);
    }
  }
  return undefined;
}

function chooseCheapest(bid: Bid, able: readonly Offer[], refusals: Refusal[]): Offer[] {
  const priced = able.map((offer) => ({ offer, price: expectedPrice(bid, offer.rates) }));
  priced.sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : compareNodes(a.offer.node, b.offer.node)));
  const owners = new Set<Address>();
  const chosen: Offer[] = [];
  for (const { offer, price } of priced) {
    const refuse = (reason: RefusalReason, detail: string) => refusals.push({ node: offer.node, reason, detail });
    if (owners.has(offer.owner)) refuse("owner-already-chosen", `A cheaper node of ${offer.owner} is chosen.`);
    else if (chosen.length === bid.replicas) refuse("not-among-cheapest", `Costs ${price}, cheaper ones are enough.`);
    else {
      owners.add(offer.owner);
      chosen.push(offer);
    }
  }
  return chosen;
}
