// What a consumer needs of the chain, as one interface: the rest of client/ is written against it.
import type { Address, Hex } from "viem";
import type { Attestation, JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";

export interface LeaseStanding {
  /** What it still holds, base units. */
  readonly remaining: Amount;
  readonly expiry: UnixSeconds;
  /** False once it was closed. */
  readonly open: boolean;
}

export interface Payment {
  readonly node: NodeId;
  readonly owner: Address;
  /** Base units. */
  readonly amount: Amount;
}

export interface Settlement {
  readonly transaction: Hex;
  readonly payments: readonly Payment[];
}

export interface Ledger {
  /** The exchange in lower case, so that it compares as text. */
  readonly domain: ExchangeDomain;
  /** From a deadline or an expiry to the moment that nothing more can be settled. */
  readonly graceSeconds: number;
  /** Time of the latest block. */
  time(): Promise<UnixSeconds>;
  /** The node's owner; undefined when it is not registered. */
  ownerOf(node: NodeId): Promise<Address | undefined>;
  balanceOf(account: Address): Promise<Amount>;
  /** Undefined when it was never opened. */
  leaseOf(lease: Hex): Promise<LeaseStanding | undefined>;
  /**
   * Idempotent, also across restarts. The transaction; undefined when another one had opened the lease.
   * @throws `account-underfunded` and the contract's other refusals
   */
  openLease(terms: LeaseTerms, lease: Hex, amount: Amount, expiry: UnixSeconds): Promise<Hex | undefined>;
  /** Idempotent. @throws `lease-not-closable` */
  closeLease(terms: LeaseTerms, lease: Hex): Promise<Hex>;
  /**
   * Idempotent; when somebody else has settled the order, that settlement.
   * @throws `no-quorum`, `attestations-missing`, `order-expired` and the contract's other refusals
   */
  settle(terms: LeaseTerms, order: Signed<JobOrder>, attestations: readonly Signed<Attestation>[]): Promise<Settlement>;
}
