// Decides with what each contract is constructed, and in which order. They name each other and can never be told later,
// so each is told where the others will stand.
import type { Address } from "viem";
import { type Amount, parseAmount, SHARE_DECIMALS, type Shares } from "#protocol/units.ts";

const ONE_SHARE: Shares = 10n ** BigInt(SHARE_DECIMALS);
/** Shares for which a node stands once in draws: those of a hundred tokens. */
const TICKET: Shares = 100n * ONE_SHARE;
/** Of each draw that a consumer asks for: half a token. */
export const DRAW_PRICE: Amount = parseAmount("0.5");
export const JURY_SEATS = 31;
/** For each juror who signed a verdict: the shares of one token. */
export const JURY_PAY: Shares = ONE_SHARE;

export interface DeploymentTerms {
  readonly token: Address;
  readonly graceSeconds: number;
  /** What owners leave to the profit share of what they collect, in 1/10,000, 500 at most. */
  readonly feeBps: number;
  /** Blocks from a draw's request to its randomness. */
  readonly drawDelay: number;
}

export interface PlannedContract {
  readonly name: "Exchange" | "Vault" | "Staking" | "Draws" | "Court";
  readonly address: Address;
  readonly args: readonly unknown[];
}

/**
 * The contracts in the order of their deployment, the exchange first.
 * @param at where the contract comes to stand that is deployed after so many others
 */
export function deploymentPlan(terms: DeploymentTerms, at: (index: number) => Address): readonly PlannedContract[] {
  const { token, graceSeconds, feeBps, drawDelay } = terms;
  const [exchange, vault, staking, draws, court] = [at(0), at(1), at(2), at(3), at(4)];
  return [
    { name: "Exchange", address: exchange, args: [token, graceSeconds, feeBps, vault, staking] },
    { name: "Vault", address: vault, args: [token, exchange] },
    { name: "Staking", address: staking, args: [vault, exchange, court, TICKET] },
    { name: "Draws", address: draws, args: [staking, court, vault, drawDelay, DRAW_PRICE] },
    { name: "Court", address: court, args: [exchange, staking, draws, vault, JURY_SEATS, JURY_PAY] },
  ];
}
