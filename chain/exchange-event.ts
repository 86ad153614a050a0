// Decides what an event of the exchange, and of the contracts around it, looks like to us: its arguments by name, and
// where and when it stands. It never decides whether the event will stay: the follower tells that.
import {
  type Address,
  type ContractEventName,
  type DecodeEventLogReturnType,
  type Hex,
  type Log,
  parseEventLogs,
} from "viem";
import type { UnixSeconds } from "#protocol/units.ts";
import { exchangeAbi } from "./abi/exchange-abi.ts";
import { lowerAddresses } from "./lower-addresses.ts";

export type ExchangeEventName = ContractEventName<typeof exchangeAbi>;

interface EventOf<Name extends string, Args> {
  readonly name: Name;
  readonly args: Args;
  readonly block: number;
  readonly blockHash: Hex;
  readonly time: UnixSeconds;
  readonly transaction: Hex;
  /** Index of the log in its block. */
  readonly index: number;
}

/** One event; `name` tells which arguments `args` has. */
export type ExchangeEvent = {
  [Name in ExchangeEventName]: EventOf<Name, DecodeEventLogReturnType<typeof exchangeAbi, Name>["args"]>;
}[ExchangeEventName];

/** The lease's committee is proven to be the one that chance and stake drew for `subject`. */
export type LeaseDrawnEvent = EventOf<"LeaseDrawn", { readonly leaseId: Hex; readonly subject: Hex }>;
/** The node lost stake by a verdict; `reason` is the id of the order in which it was wrong. */
export type SlashedEvent = EventOf<"Slashed", { readonly node: Address; readonly reason: Hex }>;

/** What an index of the market is told. */
export type ChainEvent = ExchangeEvent | LeaseDrawnEvent | SlashedEvent;

/** The logs that are events of the exchange, in the chain's order; `timeOf` gives the time of a block by its hash. */
export function toExchangeEvents(
  logs: readonly Log<bigint, number, false>[],
  timeOf: (blockHash: Hex) => UnixSeconds,
): ExchangeEvent[] {
  const decoded = parseEventLogs({ abi: exchangeAbi, logs: [...logs], strict: true });
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
