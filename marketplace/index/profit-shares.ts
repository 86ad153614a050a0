// The profit share and who holds it, one row for each thing that happened with what is the case after it, so that a
// reorganisation only drops rows. What it is worth drips on between two events: protocol/profit-share.ts works that out.
import { desc, eq, lte } from "drizzle-orm";
import { type Address, zeroAddress } from "viem";
import type { ExchangeEvent } from "#chain/exchange-event.ts";
import {
  afterDeposit,
  afterForfeit,
  afterHarvest,
  afterWithdrawal,
  EMPTY_PROFIT_SHARE,
  type ProfitShare,
} from "#protocol/profit-share.ts";
import type { Amount, Shares, UnixSeconds } from "#protocol/units.ts";
import type { Reader, Writer } from "../store/open-store.ts";
import { holdings, profitShares } from "../store/schema.ts";
import type { Place } from "./change-lease.ts";
import { NOTHING, type Touched } from "./touched.ts";

/** The vault, and where its profit came from; base units. */
export interface ProfitShareRecord extends ProfitShare {
  /** Unix seconds of the event after which it is so; 0 before the first. */
  readonly time: UnixSeconds;
  /** Sum of all harvests: fees, and tokens that were sent to the vault without a deposit. */
  readonly harvested: Amount;
  /** Worth of all shares that were given up, at their time: slashed stake, unless somebody gave up shares of his own. */
  readonly forfeited: Amount;
  /** Taken by the exchange and not harvested yet. */
  readonly feesWaiting: Amount;
}

const NO_RECORD: ProfitShareRecord = {
  ...EMPTY_PROFIT_SHARE,
  time: 0,
  harvested: 0n,
  forfeited: 0n,
  feesWaiting: 0n,
};

type ProfitShareEvent = Extract<
  ExchangeEvent,
  { name: "Deposit" | "Withdraw" | "Harvested" | "Forfeited" | "EarningsCollected" }
>;

/** The profit share as it was at `time`, or as it is; undefined when nothing had happened yet. */
export function profitShareOf(reader: Reader, time?: UnixSeconds): ProfitShareRecord | undefined {
  return reader
    .select()
    .from(profitShares)
    .where(time === undefined ? undefined : lte(profitShares.time, time))
    .orderBy(desc(profitShares.time), desc(profitShares.block), desc(profitShares.logIndex))
    .limit(1)
    .get();
}

/** What `holder` has outside any stake. */
export function sharesOf(reader: Reader, holder: Address): Shares {
  const newest = reader
    .select({ shares: holdings.shares })
    .from(holdings)
    .where(eq(holdings.holder, holder))
    .orderBy(desc(holdings.block), desc(holdings.logIndex))
    .limit(1)
    .get();
  return newest?.shares ?? 0n;
}

export function applyToProfitShare(writer: Writer, place: Place, event: ProfitShareEvent): Touched {
  // An exchange that takes no fee says so with every collection.
  if (event.name === "EarningsCollected" && event.args.fee === 0n) return NOTHING;
  const before = profitShareOf(writer) ?? NO_RECORD;
  const after = { ...recordAfter(before, event), time: event.time, ...place };
  writer.insert(profitShares).values(after).run();
  return { ...NOTHING, profitShare: true };
}

function recordAfter(before: ProfitShareRecord, { name, args, time }: ProfitShareEvent): ProfitShareRecord {
  switch (name) {
    case "Deposit":
      return { ...before, ...afterDeposit(before, args.assets, args.shares, time) };
    case "Withdraw":
      return { ...before, ...afterWithdrawal(before, args.assets, args.shares) };
    case "Harvested": {
      const harvested = before.harvested + args.profit;
      // A harvest takes all that the exchange holds for the vault.
      return { ...before, ...afterHarvest(before, args.profit, time), harvested, feesWaiting: 0n };
    }
    case "Forfeited": {
      const forfeited = before.forfeited + args.assets;
      return { ...before, ...afterForfeit(before, args.assets, args.shares, time), forfeited };
    }
    case "EarningsCollected":
      return { ...before, feesWaiting: before.feesWaiting + args.fee };
  }
}

type Transfer = Extract<ExchangeEvent, { name: "Transfer" }>["args"];

export function moveShares(writer: Writer, place: Place, { from, to, value }: Transfer): Touched {
  // Shares that come into being or cease to be come from and go to nobody.
  const movedBy = [
    [from, -value],
    [to, value],
  ] as const;
  for (const [holder, moved] of from === to ? [] : movedBy) {
    if (holder === zeroAddress) continue;
    const shares = sharesOf(writer, holder) + moved;
    writer
      .insert(holdings)
      .values({ ...place, holder, shares })
      .run();
  }
  return { ...NOTHING, profitShare: true };
}
