// What the index knows of the profit share: the whole of it, an account's part, and its price over time.
import { eq } from "drizzle-orm";
import type { Address } from "viem";
import type { Holding, ProfitShareInfo } from "#protocol/marketplace-api.ts";
import { assetsAt, dripOf, drippingAt, EMPTY_PROFIT_SHARE, type ProfitShare, worthAt } from "#protocol/profit-share.ts";
import { ticketsOf } from "#protocol/stake.ts";
import { type Amount, SHARE_DECIMALS, type Shares, type UnixSeconds } from "#protocol/units.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";
import type { Reader } from "../store/open-store.ts";
import { nodes } from "../store/schema.ts";
import { profitShareOf, sharesOf } from "./profit-shares.ts";
import { stakeOf } from "./stakes.ts";

const ONE_SHARE: Shares = 10n ** BigInt(SHARE_DECIMALS);

/** What the index's events do not tell. */
export interface StakeTerms {
  /** The contract that holds what is staked. */
  readonly staking: Address;
  /** Shares for which a node stands once in draws. */
  readonly ticket: Shares;
}

/** The profit share at `now`. */
export function readProfitShare(reader: Reader, { staking }: StakeTerms, now: UnixSeconds): ProfitShareInfo {
  const record = profitShareOf(reader);
  const vault = record ?? EMPTY_PROFIT_SHARE;
  const time = Math.max(now, record?.time ?? 0);
  return {
    time,
    shares: vault.shares,
    assets: assetsAt(vault, time),
    price: worthAt(vault, ONE_SHARE, time),
    staked: sharesOf(reader, staking),
    dripping: drippingAt(vault, time),
    dripEnds: vault.dripEnds > time ? vault.dripEnds : null,
    harvested: record?.harvested ?? 0n,
    forfeited: record?.forfeited ?? 0n,
    feesWaiting: record?.feesWaiting ?? 0n,
  };
}

/** What `account` holds of it, and what is at stake of its nodes, at `now`; zeros when it has nothing. */
export function readHolding(reader: Reader, { ticket }: StakeTerms, account: Address, now: UnixSeconds): Holding {
  const record = profitShareOf(reader);
  const vault: ProfitShare = record ?? EMPTY_PROFIT_SHARE;
  const time = Math.max(now, record?.time ?? 0);
  const worth = (shares: Shares) => worthAt(vault, shares, time);
  const own = reader
    .select({ node: nodes.node })
    .from(nodes)
    .where(eq(nodes.owner, account))
    .orderBy(nodes.block, nodes.logIndex)
    .limit(MARKETPLACE_LIMITS.ownNodes)
    .all();
  const stakes = own.map(({ node }) => {
    const stake = stakeOf(reader, node);
    const tickets = ticketsOf(stake.staked, ticket);
    return { node, ...stake, tickets, worth: worth(stake.staked + stake.unbonding) };
  });
  const held = sharesOf(reader, account);
  const staked = stakes.reduce((sum, stake) => sum + stake.staked + stake.unbonding, 0n);
  return {
    account,
    time,
    held,
    heldWorth: worth(held),
    staked,
    stakedWorth: worth(staked),
    dripping: dripOf(vault, held + staked, time),
    stakes,
  };
}

export interface PriceSeries {
  /** Beginning of the first step. */
  readonly from: UnixSeconds;
  readonly stepSeconds: number;
  /** What a whole share was worth at the end of each step, oldest first; null while nobody held one. */
  readonly prices: readonly (Amount | null)[];
}

/** The price of a share in the last `hours`, at most at `MARKETPLACE_LIMITS.chartPoints` times in equal steps. */
export function readPriceSeries(reader: Reader, hours: number, now: UnixSeconds): PriceSeries {
  const stepSeconds = Math.ceil((hours * 3_600) / MARKETPLACE_LIMITS.chartPoints);
  const from = now - stepSeconds * MARKETPLACE_LIMITS.chartPoints;
  const prices = Array.from({ length: MARKETPLACE_LIMITS.chartPoints }, (_, step) => {
    const time = from + (step + 1) * stepSeconds;
    const vault = profitShareOf(reader, time);
    return vault && vault.shares > 0n ? worthAt(vault, ONE_SHARE, time) : null;
  });
  return { from, stepSeconds, prices };
}
