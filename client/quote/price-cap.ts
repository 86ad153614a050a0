// From a quote and a committee's rates to the money that a lease must hold.
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Offer } from "#protocol/signed-messages.ts";
import { type Amount, formatAmount } from "#protocol/units.ts";
import { priceOf, type Rates } from "#protocol/usage.ts";
import type { JobTerms } from "../job-terms.ts";
import type { Quote } from "./quote.ts";

/** What one node asks for the quoted usage at its rates. */
export function quotedPrice(quote: Pick<Quote, "usage">, rates: Rates): Amount {
  return quote.usage.reduce((sum, usage) => sum + priceOf(usage, rates), 0n);
}

export interface Funding {
  /** The order's `maxPrice`: the most that each node may be paid. */
  readonly maxPrice: Amount;
  /** What the lease must hold for that. */
  readonly amount: Amount;
}

/**
 * The cap is the dearest node's own price for the measured usage; for jobs that were not measured it is what the
 * budget gives each.
 * @throws `budget-too-small` when the budget does not cover measured jobs
 */
export function fundingFor(quote: Quote, committee: readonly Offer[], terms: JobTerms): Funding {
  const size = BigInt(committee.length);
  const share = terms.budget / size;
  let dearest = 0n;
  for (const { rates } of committee) {
    const price = quotedPrice(quote, rates);
    if (price > dearest) dearest = price;
  }
  if (quote.responses && dearest > share) throw budgetTooSmall(dearest * size, terms.budget);
  const maxPrice = dearest < share ? dearest : share;
  const amount = maxPrice * size + terms.forceFee;
  // The contract opens no empty lease; nodes that work for nothing still need one.
  return { maxPrice, amount: amount > 0n ? amount : 1n };
}

function budgetTooSmall(cost: Amount, budget: Amount): ProtocolError {
  const message = `The job costs up to ${formatAmount(cost)}, the budget is ${formatAmount(budget)}. Nothing was bought.`;
  return new ProtocolError("funds", "budget-too-small", message, {
    hint: `Give a budget of at least ${formatAmount(cost)}, or fewer replicas.`,
    context: { cost, budget },
  });
}
