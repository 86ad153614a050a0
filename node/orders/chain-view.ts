// What a node wants to know of the chain, so that orders can be judged without knowing how it is read.
import type { Address, Hex } from "viem";
import type { ClearingOutcome } from "#chain/batch-outcome.ts";
import type { PublishedRow } from "#protocol/publication.ts";
import type { Attestation, Claim, JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
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

/** What shows that nodes agree, or that one does not. */
export interface Evidence {
  readonly terms: LeaseTerms;
  readonly order: Signed<JobOrder>;
  /** Ascending by node. */
  readonly attestations: readonly Signed<Attestation>[];
}

/** What a node wants of the chain when a consumer does not pay. Each call is sent from the node's key, once for its id. */
export interface RescueChain {
  /** Wei for one unit of gas. */
  gasPrice(): Promise<bigint>;
  /** Until when the node's stake is frozen, Unix seconds; 0 when nothing froze it. @throws `chain-unreachable` */
  frozenUntil(node: NodeId): Promise<UnixSeconds>;
  /**
   * Forces the order with that id; its result stands behind the call where it is published.
   * @throws the contract's refusal, `gas-unfunded`, `chain-unreachable`
   */
  force(
    call: "settle" | "adjudicate" | "accuse",
    order: Hex,
    evidence: Evidence,
    published?: readonly PublishedRow[],
  ): Promise<Hex>;
  /** Carries out the claim with that id; published are the results of its orders, in their order. @throws as `force` */
  claim(
    claim: Hex,
    terms: LeaseTerms,
    work: { readonly orders: readonly Signed<JobOrder>[]; readonly claim: Claim },
    signatures: readonly Hex[],
    published?: readonly PublishedRow[],
  ): Promise<Hex>;
}

/** Every read throws `chain-unreachable` when there is no answer. */
export interface ChainView {
  readLease(lease: Hex): Promise<LeaseFacts | undefined>;
  isOrderSettled(lease: Hex, nonce: number): Promise<boolean>;
  readNode(node: NodeId): Promise<{ readonly owner: Address; readonly earned: Amount } | undefined>;
  /** Seconds after an order's deadline in which it can still be settled. */
  graceSeconds(): Promise<number>;
}
