// Decides what a node's stake becomes by what happens to it, and how often it stands in draws, as contracts/Staking.sol
// does. It never says what a share is worth.
import type { Shares, UnixSeconds } from "./units.ts";

export interface Stake {
  /** Counts in quorums and draws. */
  readonly staked: Shares;
  /** No longer counts, and is not yet the owner's again. */
  readonly unbonding: Shares;
  /** From here on the unbonding stake can leave, unless it is frozen; 0 when nothing unbonds. */
  readonly unbondsAt: UnixSeconds;
  /** Until here no stake can leave. */
  readonly frozenUntil: UnixSeconds;
}

export const NO_STAKE: Stake = { staked: 0n, unbonding: 0n, unbondsAt: 0, frozenUntil: 0 };

export type StakeChange =
  | { readonly kind: "added"; readonly shares: Shares }
  | { readonly kind: "unbonds"; readonly shares: Shares; readonly unbondsAt: UnixSeconds }
  /** The unbonding stake went to the owner. */
  | { readonly kind: "left" }
  | { readonly kind: "frozen"; readonly until: UnixSeconds }
  | { readonly kind: "slashed"; readonly ofStaked: Shares; readonly ofUnbonding: Shares };

export function nextStake(stake: Stake, change: StakeChange): Stake {
  switch (change.kind) {
    case "added":
      return { ...stake, staked: stake.staked + change.shares };
    case "unbonds": {
      const [staked, unbonding] = [stake.staked - change.shares, stake.unbonding + change.shares];
      return { ...stake, staked, unbonding, unbondsAt: change.unbondsAt };
    }
    case "left":
      return { ...stake, unbonding: 0n, unbondsAt: 0 };
    case "frozen":
      return { ...stake, frozenUntil: change.until };
    case "slashed": {
      const unbonding = stake.unbonding - change.ofUnbonding;
      const unbondsAt = unbonding === 0n ? 0 : stake.unbondsAt;
      return { ...stake, staked: stake.staked - change.ofStaked, unbonding, unbondsAt };
    }
  }
}

const TICKETS_MAX = 64n;

/** How many times a node stands in draws that stakes `staked`, where `ticket` shares are one time. */
export function ticketsOf(staked: Shares, ticket: Shares): number {
  const tickets = staked / ticket;
  return Number(tickets < TICKETS_MAX ? tickets : TICKETS_MAX);
}
