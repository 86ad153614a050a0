// What a node wants to know of the chain, so that orders can be judged without knowing how it is read.
import type { Address, Hex } from "viem";
import type { ClearingOutcome } from "#chain/batch-outcome.ts";
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";

export interface LeaseFacts {
  /** What the lease still holds, base units. */
  readonly remaining: Amount;
  readonly expiry: UnixSeconds;
  /** Opened and not closed. */
  readonly open: boolean;
  /** Orders up to and including this nonce are paid already. */
  readonly upTo: number;
  /** What each node of the committee was paid by vouchers, base units. */
  readonly paidPerNode: Amount;
  /** Orders settled without a voucher. */
  readonly forced: number;
}

/** What a node that pays for clearings itself wants of the chain. */
export interface ClearingChain {
  /** Wei for one unit of gas. */
  gasPrice(): Promise<bigint>;
  /** Sends the clearing from the node's key, once for each batch. @throws `gas-unfunded`, `chain-unreachable` */
  clear(batchId: Hex, batch: Hex): Promise<ClearingOutcome>;
}

/** Every read throws `chain-unreachable` when there is no answer. */
export interface ChainView {
  readLease(lease: Hex): Promise<LeaseFacts | undefined>;
  isOrderSettled(lease: Hex, nonce: number): Promise<boolean>;
  readNode(node: NodeId): Promise<{ readonly owner: Address; readonly earned: Amount } | undefined>;
  /** Seconds after an order's deadline in which it can still be settled. */
  graceSeconds(): Promise<number>;
}
