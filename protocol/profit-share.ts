// Decides what shares of the profit share are worth at a time, from what happened to the vault before: the arithmetic of
// contracts/Vault.sol, unit by unit. It never reads a clock or the chain.
import type { Amount, Shares, UnixSeconds } from "./units.ts";

/** Seconds over which a profit becomes the holders'; `DRIP` of the contract. */
export const DRIP_SECONDS = 604_800;

/** Shares to the token's base unit that belong to nobody: OpenZeppelin's virtual shares. */
const VIRTUAL_SHARES: Shares = 1_000_000n;

/** The vault after something happened to it; amounts in base units. */
export interface ProfitShare {
  /** What the vault holds and has taken note of. */
  readonly managed: Amount;
  /** All shares that there are. */
  readonly shares: Shares;
  /** What was not the holders' yet at `dripSince`, and becomes theirs evenly until `dripEnds`. */
  readonly dripAmount: Amount;
  readonly dripSince: UnixSeconds;
  readonly dripEnds: UnixSeconds;
}

export const EMPTY_PROFIT_SHARE: ProfitShare = { managed: 0n, shares: 0n, dripAmount: 0n, dripSince: 0, dripEnds: 0 };

/** What came in as profit and is not the holders' at `time`, rounded up: a unit is theirs only once it is whole. */
export function drippingAt({ dripAmount, dripSince, dripEnds }: ProfitShare, time: UnixSeconds): Amount {
  if (time >= dripEnds) return 0n;
  const [left, whole] = [BigInt(dripEnds - time), BigInt(dripEnds - dripSince)];
  return (dripAmount * left + whole - 1n) / whole;
}

/** What all shares together are worth at `time`. */
export function assetsAt(vault: ProfitShare, time: UnixSeconds): Amount {
  return vault.shares === 0n ? 0n : vault.managed - drippingAt(vault, time);
}

/** What `shares` would be redeemed for at `time`. */
export function worthAt(vault: ProfitShare, shares: Shares, time: UnixSeconds): Amount {
  return (shares * (assetsAt(vault, time) + 1n)) / (vault.shares + VIRTUAL_SHARES);
}

/** The part of what drips at `time` that becomes the holder's of `shares`, if nobody comes or goes meanwhile. */
export function dripOf(vault: ProfitShare, shares: Shares, time: UnixSeconds): Amount {
  return (shares * drippingAt(vault, time)) / (vault.shares + VIRTUAL_SHARES);
}

/** What waited for a holder begins to drip with the first. */
export function afterDeposit(vault: ProfitShare, assets: Amount, shares: Shares, time: UnixSeconds): ProfitShare {
  const waited = vault.shares === 0n && vault.managed > 0n ? dripFrom(vault.managed, DRIP_SECONDS, time) : {};
  return { ...vault, ...waited, managed: vault.managed + assets, shares: vault.shares + shares };
}

export function afterWithdrawal(vault: ProfitShare, assets: Amount, shares: Shares): ProfitShare {
  return { ...vault, managed: vault.managed - assets, shares: vault.shares - shares };
}

export function afterHarvest(vault: ProfitShare, profit: Amount, time: UnixSeconds): ProfitShare {
  return { ...addProfit(vault, profit, time), managed: vault.managed + profit };
}

/** Shares were burned, and the `assets` that they were worth drip to the holders that remain. */
export function afterForfeit(vault: ProfitShare, assets: Amount, shares: Shares, time: UnixSeconds): ProfitShare {
  return { ...addProfit(vault, assets, time), shares: vault.shares - shares };
}

/** The end of the drip moves by as much as the profit weighs. */
function addProfit(vault: ProfitShare, profit: Amount, time: UnixSeconds): ProfitShare {
  const left = drippingAt(vault, time);
  const total = left + profit;
  if (total === 0n) return vault;
  const remaining = BigInt(Math.max(vault.dripEnds - time, 0));
  const spread = (left * remaining + profit * BigInt(DRIP_SECONDS)) / total;
  return { ...vault, ...dripFrom(total, Number(spread), time) };
}

function dripFrom(
  amount: Amount,
  seconds: number,
  time: UnixSeconds,
): Pick<ProfitShare, "dripAmount" | "dripSince" | "dripEnds"> {
  return { dripAmount: amount, dripSince: time, dripEnds: time + seconds };
}
