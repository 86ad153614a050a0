// What a consumer needs of the chain, as one interface: the rest of client/ is written against it.
import type { Address, Hex } from "viem";
import type { ProtocolError } from "#protocol/protocol-error.ts";
import type { PublishedResult } from "#protocol/publication.ts";
import type { Attestation, JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { Amount, NodeId, UnixSeconds } from "#protocol/units.ts";

export interface LeaseStanding {
  /** What it still holds, base units. */
  readonly remaining: Amount;
  readonly expiry: UnixSeconds;
  /** False once it was closed. */
  readonly open: boolean;
  /** What each node of its committee was paid by vouchers, base units. */
  readonly paidPerNode: Amount;
  /** A cleared voucher covers orders up to and including this nonce. */
  readonly upTo: number;
  /** How many orders were settled without a voucher. */
  readonly forced: number;
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

/** An order that was settled without the consumer. */
export interface ForcedOrder {
  readonly settlement: Settlement;
  /** The attested result, or why what was published is none. */
  readonly published: PublishedResult | ProtocolError;
}

export interface SentClearing {
  readonly transaction: Hex;
  /** Leases that closed with it, and what went back. */
  readonly closed: readonly { readonly lease: Hex; readonly refund: Amount }[];
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
  /** Whether the lease's order with this nonce was settled without a voucher. */
  isSettled(lease: Hex, nonce: number): Promise<boolean>;
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
  /** A settlement of the order by somebody else, of which it is known that there is one. @throws `settlement-elsewhere` */
  forced(lease: Hex, orderId: Hex): Promise<ForcedOrder>;
  /** Idempotent by `batch`, its signing hash; `bytes` as encodeClearing packs them. */
  clear(batch: Hex, bytes: Hex): Promise<SentClearing>;
}
