// What nodes have at stake, one row for each change with the stake after it, so that a reorganisation only drops rows.
import { desc, eq } from "drizzle-orm";
import type { ExchangeEvent } from "#chain/exchange-event.ts";
import { NO_STAKE, nextStake, type Stake, type StakeChange } from "#protocol/stake.ts";
import type { NodeId } from "#protocol/units.ts";
import type { Reader, Writer } from "../store/open-store.ts";
import { stakes } from "../store/schema.ts";
import type { Place } from "./change-lease.ts";
import { NOTHING, type Touched } from "./touched.ts";

type StakeEvent = Extract<
  ExchangeEvent,
  { name: "StakeAdded" | "UnbondingStarted" | "UnbondingFinished" | "StakeFrozen" | "StakeSlashed" }
>;

/** The node's present stake. */
export function stakeOf(reader: Reader, node: NodeId): Stake {
  const { staked, unbonding, unbondsAt, frozenUntil } = stakes;
  const newest = reader
    .select({ staked, unbonding, unbondsAt, frozenUntil })
    .from(stakes)
    .where(eq(stakes.node, node))
    .orderBy(desc(stakes.block), desc(stakes.logIndex))
    .limit(1)
    .get();
  return newest ?? NO_STAKE;
}

export function changeStake(writer: Writer, place: Place, event: StakeEvent): Touched {
  const { node } = event.args;
  const next = nextStake(stakeOf(writer, node), changeOf(event));
  writer
    .insert(stakes)
    .values({ ...place, node, ...next })
    .run();
  return { ...NOTHING, nodes: [node] };
}

function changeOf(event: StakeEvent): StakeChange {
  switch (event.name) {
    case "StakeAdded":
      return { kind: "added", shares: event.args.shares };
    case "UnbondingStarted":
      return { kind: "unbonds", shares: event.args.shares, unbondsAt: event.args.unbondsAt };
    case "UnbondingFinished":
      return { kind: "left" };
    case "StakeFrozen":
      return { kind: "frozen", until: event.args.until };
    case "StakeSlashed":
      return { kind: "slashed", ofStaked: event.args.ofStaked, ofUnbonding: event.args.ofUnbonding };
  }
}
