// What a node has stored, and what its rules read of it. A restart has nothing else.
import type { Hex } from "viem";
import type { LeaseOrder, StandingClaim, VoucherRecord } from "#node/store/order-record.ts";
import { payeeLedgerOf } from "#node/vouchers/payee-view.ts";
import type { PayeeLedger } from "#protocol/payee-ledger.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { type Attestation, type Cast, GRACE_SECONDS, LEASE_EXPIRY, type Order } from "./cast.ts";
import type { ExchangeModel } from "./exchange-model.ts";

export interface Work {
  readonly order: Order;
  /** Stored before it is committed to. */
  readonly result?: Attestation;
  /** Whose commitments it was shown; stored before it attests. */
  readonly commits?: readonly number[];
  readonly attestedAt: UnixSeconds;
}

export interface Equivocation {
  readonly first: Attestation;
  readonly second: Attestation;
}

export interface NodeFile {
  readonly works: ReadonlyMap<Hex, Work>;
  readonly vouchers: ReadonlyMap<number, Voucher>;
  /** By order, then node. */
  readonly peers: ReadonlyMap<Hex, ReadonlyMap<number, Attestation>>;
  readonly claims: readonly (StandingClaim & { readonly lease: number })[];
  /** Two attestations of one node for one order, until they were shown to the court. */
  readonly equivocations: readonly Equivocation[];
  /** Until when a clearing of the lease that it signed is valid. */
  readonly clearings: ReadonlyMap<number, UnixSeconds>;
}

export const EMPTY_FILE: NodeFile = {
  works: new Map(),
  vouchers: new Map(),
  peers: new Map(),
  claims: [],
  equivocations: [],
  clearings: new Map(),
};

export function withEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value): ReadonlyMap<Key, Value> {
  return new Map(map).set(key, value);
}

/** The node's own attestation first, then what it holds of the others; nothing before its own is signed. */
export function heldOf({ works, peers }: NodeFile, order: Hex): readonly Attestation[] {
  const work = works.get(order);
  if (work?.result === undefined || work.commits === undefined) return [];
  return [work.result, ...(peers.get(order)?.values() ?? [])];
}

/** Reads a node's file and the exchange as the node's store does. */
export class NodeSight {
  readonly #file: () => NodeFile;
  readonly #exchange: ExchangeModel;
  readonly #cast: Cast;

  constructor(file: () => NodeFile, exchange: ExchangeModel, cast: Cast) {
    this.#file = file;
    this.#exchange = exchange;
    this.#cast = cast;
  }

  facts(lease: number) {
    const { funds, paidPerNode, upTo, settled, closed } = this.#exchange.lease(lease);
    return { remaining: funds, expiry: LEASE_EXPIRY, open: !closed, upTo, paidPerNode, forced: settled.size };
  }

  isSettled({ lease, nonce }: Order): boolean {
    return this.#exchange.lease(lease).settled.has(nonce);
  }

  leaseOrders(lease: number, upTo: number): LeaseOrder[] {
    const works = [...this.#file().works.values()].filter(({ order }) => order.lease === lease && order.nonce > upTo);
    return works.map(({ order, result, commits }) => {
      const { id, nonce, deadline, maxPrice } = order;
      const isLost = commits === undefined && this.#exchange.now > deadline;
      const state = commits !== undefined ? "attested" : isLost ? "expired" : "running";
      const attested = commits === undefined || result === undefined ? undefined : result;
      return { order: id, nonce, state, deadline, maxPrice, settled: this.isSettled(order), attested };
    });
  }

  ledger(lease: number, shown?: ReadonlyMap<Hex, readonly bigint[]>): PayeeLedger {
    const message = this.#file().vouchers.get(lease);
    const reader = {
      // An order that expired without the node's word is lost to it: it neither works on it nor is owed for it.
      leaseOrders: (_: Hex, upTo: number) => this.leaseOrders(lease, upTo).filter(({ state }) => state !== "expired"),
      voucher: () => message && ({ voucher: { message } } as VoucherRecord),
    };
    const committee = this.#cast.leases[lease]?.committee.length ?? 0;
    const rest = { facts: this.facts(lease), graceSeconds: GRACE_SECONDS, now: this.#exchange.now };
    return payeeLedgerOf(reader, { lease: "0x", committee, ...rest, ...(shown && { shown }) });
  }

  /** Claims that the node signed and that can still be carried out. */
  standingClaims(lease: number): StandingClaim[] {
    const { works, claims } = this.#file();
    const isUnpaid = ({ order }: { readonly order: Hex }) => {
      const work = works.get(order);
      return work !== undefined && !this.isSettled(work.order);
    };
    return claims.filter((each) => {
      return each.lease === lease && each.until >= this.#exchange.now && each.orders.every(isUnpaid);
    });
  }
}
