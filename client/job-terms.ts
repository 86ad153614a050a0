// What a consumer asks for when it wants jobs run, and what it gets when it does not say.
import { type CheckWay, requireCheckShare } from "#protocol/answer-check.ts";
import type { IsolationClass } from "#protocol/isolation.ts";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { type Amount, formatAmount, type NodeId } from "#protocol/units.ts";
import type { Rates } from "#protocol/usage.ts";

export interface JobTerms {
  /** Nodes that run every job. */
  readonly replicas: number;
  /** Share of them that must agree, in 1/10,000; more than half. */
  readonly quorumBps: number;
  /** The most that the whole committee may be paid, base units. */
  readonly budget: Amount;
  /** The highest rate of any node. */
  readonly maxRates: Rates;
  /** From the order to its deadline. */
  readonly deadlineSeconds: number;
  /** Cluster to look in, or `any`. */
  readonly scope: string;
  /** The weakest isolation that will do. */
  readonly isolation: IsolationClass;
  /** To whoever settles when this consumer has gone silent, base units; it comes back otherwise. */
  readonly forceFee: Amount;
  /** Where the replicas follow from a wanted confidence. */
  readonly assurance?: Assurance | undefined;
  /** Where jobs are checked that were not run for a quote; no node is told. */
  readonly check?: CheckWish | undefined;
}

/** Each job is checked with the probability `share`, before anything is authorised for its order. */
export interface CheckWish {
  readonly share: number;
  readonly by: CheckWay;
}

/** What a wanted confidence came to. */
export interface Assurance {
  /** Wanted probability that the answer is right. */
  readonly wanted: number;
  /** Of any committee out of `nodes`. */
  readonly reached: number;
  /** One node would have been enough; this job checks it. */
  readonly spotCheck: boolean;
  /** How often such a job is replicated; 1 for always. */
  readonly checkedShare: number;
  /** The only nodes that may serve. */
  readonly nodes: readonly NodeId[];
}

const DEFAULTS = {
  replicas: 3,
  /** Two of three. */
  quorumBps: 6_666,
  budget: 1_000_000n,
  deadlineSeconds: 60,
  scope: "any",
  isolation: "process",
  forceFee: 0n,
} as const satisfies Partial<JobTerms>;

/**
 * The terms with defaults for what is not given; without `maxRates` no rate may exceed the budget.
 * @throws `replicas-out-of-range`, `quorum-out-of-range`, `deadline-out-of-range`, `check-out-of-range`, `budget-zero`
 */
export function jobTerms(given: { readonly [Name in keyof JobTerms]?: JobTerms[Name] | undefined } = {}): JobTerms {
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const chosen = { ...DEFAULTS, ...stated } as Omit<JobTerms, "maxRates"> & { maxRates?: Rates };
  const { budget } = chosen;
  const ceiling: Rates = { job: budget, fuel: budget, memory: budget, bytes: budget, events: budget };
  requireRange("replicas", chosen.replicas, 1, LIMITS.committeeNodes);
  requireRange("quorum", chosen.quorumBps, 5_001, 10_000);
  requireRange("deadline", chosen.deadlineSeconds, LIMITS.orderSecondsMin, LIMITS.orderSecondsMax);
  if (chosen.check) requireCheckShare(chosen.check.share);
  if (budget <= 0n) {
    throw new ProtocolError("invalid", "budget-zero", `A budget of ${formatAmount(budget)} buys nothing.`, {
      hint: "Give a budget above zero, such as 1.",
    });
  }
  return { ...chosen, maxRates: chosen.maxRates ?? ceiling };
}

function requireRange(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new ProtocolError("invalid", `${name}-out-of-range`, `The ${name} is ${value}, not from ${min} to ${max}.`, {
    hint: `Choose a whole number from ${min} to ${max}.`,
    context: { value, min, max },
  });
}
