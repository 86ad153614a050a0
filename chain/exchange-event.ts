// Decides what an event of the exchange or of its peers looks like to us: its arguments by name, and where and when it
// stands.
// It never decides whether the event will stay: the follower tells that.
import { type ContractEventName, type DecodeEventLogReturnType, type Hex, type Log, parseEventLogs } from "viem";
import type { UnixSeconds } from "#protocol/units.ts";
import { courtAbi } from "./abi/court-abi.ts";
import { drawsAbi } from "./abi/draws-abi.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { stakingAbi } from "./abi/staking-abi.ts";
import { vaultAbi } from "./abi/vault-abi.ts";
import { lowerAddresses } from "./lower-addresses.ts";

/** The contracts whose events are followed; no two of them have events of one name. */
const FOLLOWED_ABI = [...exchangeAbi, ...stakingAbi, ...drawsAbi, ...courtAbi, ...vaultAbi] as const;
type FollowedAbi = typeof FOLLOWED_ABI;

export type ExchangeEventName = ContractEventName<FollowedAbi>;

/** One event; `name` tells which arguments `args` has. */
export type ExchangeEvent = {
  [Name in ExchangeEventName]: {
    readonly name: Name;
    readonly args: DecodeEventLogReturnType<FollowedAbi, Name>["args"];
    readonly block: number;
    readonly blockHash: Hex;
    readonly time: UnixSeconds;
    readonly transaction: Hex;
    /** Index of the log in its block. */
    readonly index: number;
  };
}[ExchangeEventName];

/** The logs that are events of the exchange, in the chain's order; `timeOf` gives the time of a block by its hash. */
export function toExchangeEvents(
  logs: readonly Log<bigint, number, false>[],
  timeOf: (blockHash: Hex) => UnixSeconds,
): ExchangeEvent[] {
  const decoded = parseEventLogs({ abi: FOLLOWED_ABI, logs: [...logs], strict: true });
  const events = decoded.map(
    (log) =>
      ({
        name: log.eventName,
        args: lowerAddresses(log.args),
        block: Number(log.blockNumber),
        blockHash: log.blockHash,
        time: timeOf(log.blockHash),
        transaction: log.transactionHash,
        index: log.logIndex,
      }) as ExchangeEvent,
  );
  return events.sort((a, b) => a.block - b.block || a.index - b.index);
}
