// Decides whether what was measured is enough: how much is covered, and whether each outcome that is not has been named
// with a reason.
import type { Outcome } from "./instrument-branches.ts";

/** Of all contracts together. */
export const PERCENT_MIN = 95;

/** An outcome that no test reaches, and why. Named without its line, so that it stays the same when others move. */
export type Exception = Omit<Outcome, "line"> & { readonly reason: string };
export type MeasuredOutcome = Outcome & { readonly covered: boolean };

export interface Share {
  readonly covered: number;
  readonly total: number;
}
export interface ContractShare {
  readonly contract: string;
  readonly branches: Share;
  readonly functions: Share;
}
export interface Judgement {
  readonly contracts: readonly ContractShare[];
  readonly branches: Share;
  readonly functions: Share;
  /** Not covered; `reason` when it is an exception. */
  readonly uncovered: readonly (Outcome & { readonly reason: string | undefined })[];
  /** Exceptions that are covered now, or that no contract has. */
  readonly stale: readonly Exception[];
  readonly ok: boolean;
}

export function judgeBranches(measured: readonly MeasuredOutcome[], exceptions: readonly Exception[]): Judgement {
  const reasons = new Map(exceptions.map((exception) => [keyOf(exception), exception.reason]));
  const uncovered = measured
    .filter(({ covered }) => !covered)
    .map(({ covered: _, ...outcome }) => ({ ...outcome, reason: reasons.get(keyOf(outcome)) }))
    .toSorted((a, b) => a.contract.localeCompare(b.contract, "en") || a.line - b.line);
  const open = new Set(uncovered.map(keyOf));
  const stale = exceptions.filter((exception) => !open.has(keyOf(exception)));
  const contracts = [...Map.groupBy(measured, ({ contract }) => contract)].map(([contract, outcomes]) => ({
    contract,
    ...sharesOf(outcomes),
  }));
  const { branches, functions } = sharesOf(measured);
  const named = uncovered.every(({ reason }) => reason !== undefined);
  const ok = named && stale.length === 0 && percentOf(branches) >= PERCENT_MIN;
  return { contracts, branches, functions, uncovered, stale, ok };
}

/** Of nothing everything is covered. */
export function percentOf({ covered, total }: Share): number {
  return total === 0 ? 100 : (100 * covered) / total;
}

function sharesOf(outcomes: readonly MeasuredOutcome[]): { branches: Share; functions: Share } {
  const share = (some: readonly MeasuredOutcome[]) => ({
    covered: some.filter(({ covered }) => covered).length,
    total: some.length,
  });
  const { functions = [], branches = [] } = Object.groupBy(outcomes, ({ what }) =>
    what === "function" ? "functions" : "branches",
  );
  return { branches: share(branches), functions: share(functions) };
}

function keyOf({ contract, where, what, outcome }: Omit<Outcome, "line">): string {
  return JSON.stringify([contract, where, what, outcome]);
}
