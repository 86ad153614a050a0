// A model of the exchange and of what it does to stakes. It refuses what the contracts refuse, by the same facts; which
// states let a call through is the protocol's own table.
import { LEASE_TRANSITIONS, type LeaseEvent, type LeaseState } from "#protocol/lease-transitions.ts";
import { quorumCount } from "#protocol/order.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import { type Attestation, type Cast, DEPOSIT, GRACE_SECONDS, LEASE_EXPIRY, type Order } from "./cast.ts";
import { type ClaimTerms, type Clearing, nodeOf, type Signatures, sessionOf, textOf } from "./signatures.ts";

export interface LeaseModel {
  funds: bigint;
  paidPerNode: bigint;
  upTo: number;
  closed: boolean;
  refunded: bigint;
  fees: bigint;
  /** By rungs 2 and 3, and by `settle`. */
  readonly settled: Map<number, Settlement>;
  /** Each node's, by its number. */
  readonly earned: Map<number, bigint>;
  /** Those that were cleared, in that order. */
  readonly cleared: (Voucher & { readonly at: number })[];
}

export interface Settlement {
  readonly order: Order;
  readonly by: "settle" | "adjudicate" | "claim";
  readonly at: number;
  /** What each node got; of a claim, for all its orders, under the first of them. */
  readonly amounts: ReadonlyMap<number, bigint>;
}

export interface Freeze {
  readonly order: Order;
  readonly node: number;
  readonly until: number;
  readonly said: Attestation;
  readonly right: Attestation["resultHash"];
}

interface Group {
  readonly agreeing: readonly Attestation[];
  readonly dissenting: readonly Attestation[];
}

/** Why a call reverts. */
export class Refusal extends Error {}

export class ExchangeModel {
  readonly #cast: Cast;
  readonly #signatures: Signatures;
  readonly leases: readonly LeaseModel[];
  readonly frozenUntil: number[];
  readonly freezes: Freeze[] = [];
  now = 0;

  constructor(cast: Cast, signatures: Signatures) {
    this.#cast = cast;
    this.#signatures = signatures;
    this.frozenUntil = cast.nodes.map(() => 0);
    this.leases = cast.leases.map(({ committee }) => ({
      ...{ funds: DEPOSIT, paidPerNode: 0n, upTo: 0, closed: false, refunded: 0n, fees: 0n },
      settled: new Map(),
      earned: new Map(committee.map((node) => [node, 0n])),
      cleared: [],
    }));
  }

  stateOf(lease: number): LeaseState {
    if (this.lease(lease).closed) return "closed";
    if (this.now <= LEASE_EXPIRY) return "live";
    return this.now <= LEASE_EXPIRY + GRACE_SECONDS ? "ending" : "closable";
  }

  lease(lease: number): LeaseModel {
    return this.leases[lease] as LeaseModel;
  }

  clear(clearing: Clearing): void {
    if (this.now > clearing.validUntil) throw new Refusal("signature-expired");
    for (const { lease, voucher } of clearing.entries) {
      if (this.#skipReason(lease, voucher, clearing) === undefined) this.#charge(lease, voucher);
    }
  }

  settle(by: "settle" | "adjudicate", order: Order, attestations: readonly Attestation[]): void {
    this.#requireState(order.lease, by);
    this.#requireOrder(order);
    const isLate = this.now > order.deadline;
    const { committee } = this.#cast.leases[order.lease] as Cast["leases"][number];
    if (!isLate && attestations.length !== committee.length) throw new Refusal("attestations-missing");
    if (by === "adjudicate" && !isLate) throw new Refusal("order-in-time");
    const group = this.#quorumOf(order, attestations);
    this.#requireUnused(order);

    const prices = group.agreeing.map(({ price }) => price).toSorted((a, b) => Number(a - b));
    const median = prices[Math.floor((prices.length - 1) / 2)] ?? 0n;
    const cap = median < order.maxPrice ? median : order.maxPrice;
    const amounts = new Map(group.agreeing.map(({ node, price }) => [node, price < cap ? price : cap]));
    this.#spend(order.lease, amounts, isLate ? order.forceFee : 0n);
    this.lease(order.lease).settled.set(order.nonce, { order, by, at: this.now, amounts });
    // The last thing here, because a call that reverts freezes nobody.
    if (by === "adjudicate") this.#freeze(order, group);
  }

  accuse(order: Order, attestations: readonly Attestation[]): void {
    this.#requireOrder(order);
    if (this.now <= order.deadline) throw new Refusal("order-still-open");
    const group = this.#quorumOf(order, attestations);
    if (group.dissenting.length === 0) throw new Refusal("no-dissent");
    this.#freeze(order, group);
  }

  claim(terms: ClaimTerms): void {
    const { lease, orders, perNode } = terms;
    this.#requireState(lease, "claim");
    const nonces = new Set(orders.map(({ nonce }) => nonce));
    if (nonces.size !== orders.length || orders.length === 0) throw new Refusal("nonce-used");
    for (const order of orders) {
      if (order.lease !== lease) throw new Refusal("order-of-other-lease");
      this.#requireOrder(order);
      if (this.now <= order.deadline) throw new Refusal("order-in-time");
      this.#requireUnused(order);
    }
    if (perNode > orders.reduce((sum, { maxPrice }) => sum + maxPrice, 0n)) throw new Refusal("claim-exceeds-orders");
    const { committee } = this.#cast.leases[lease] as Cast["leases"][number];
    const isSigned = (node: number) => this.#signatures.isBy(nodeOf(node), textOf.claim(terms));
    if (!committee.every(isSigned)) throw new Refusal("claim-signature-invalid");

    const amounts = new Map(committee.map((node) => [node, perNode]));
    const fee = orders.reduce((sum, { forceFee }) => sum + forceFee, 0n);
    this.#spend(lease, amounts, fee);
    for (const [index, order] of orders.entries()) {
      const got = index === 0 ? amounts : new Map<number, bigint>();
      this.lease(lease).settled.set(order.nonce, { order, by: "claim", at: this.now, amounts: got });
    }
  }

  close(lease: number): void {
    this.#requireState(lease, "close");
    this.#end(this.lease(lease));
  }

  #requireState(lease: number, event: LeaseEvent): void {
    const outcome = LEASE_TRANSITIONS[this.stateOf(lease)][event];
    if ("to" in outcome) return;
    throw new Refusal("refused" in outcome ? outcome.refused : outcome.skipped);
  }

  #requireOrder(order: Order): void {
    if (order.deadline > LEASE_EXPIRY) throw new Refusal("order-outlives-lease");
    if (order.quorumBps < 5_001 || order.quorumBps > 10_000) throw new Refusal("quorum-out-of-range");
    if (this.now > order.deadline + GRACE_SECONDS) throw new Refusal("order-expired");
    const isSigned = this.#signatures.isBy(sessionOf(order.lease), textOf.order(order));
    if (!isSigned) throw new Refusal("order-signature-invalid");
  }

  #requireUnused({ lease, nonce }: Order): void {
    const { upTo, settled } = this.lease(lease);
    if (nonce <= upTo) throw new Refusal("nonce-covered");
    if (settled.has(nonce)) throw new Refusal("nonce-used");
  }

  /** By heads and stake of the whole committee; everybody alike is a quorum of any. */
  #quorumOf(order: Order, attestations: readonly Attestation[]): Group {
    const { committee } = this.#cast.leases[order.lease] as Cast["leases"][number];
    let previous = -1;
    for (const attestation of attestations) {
      const { node } = attestation;
      if (node <= previous) throw new Refusal("attestations-not-ascending");
      if (!committee.includes(node)) throw new Refusal("not-in-committee");
      const isSigned = this.#signatures.isBy(nodeOf(node), textOf.attestation(attestation));
      if (!isSigned || attestation.order !== order.id) throw new Refusal("attestation-signature-invalid");
      previous = node;
    }
    const groups = Map.groupBy(attestations, ({ resultHash }) => resultHash);
    const agreeing = [...groups.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
    const dissenting = attestations.filter((each) => !agreeing.includes(each));
    if (agreeing.length === committee.length) return { agreeing, dissenting };
    const stakeOf = (nodes: readonly number[]) =>
      nodes.reduce((sum, node) => sum + (this.#cast.stakes[node] ?? 0n), 0n);
    const heads = agreeing.length >= quorumCount(order.quorumBps, committee.length);
    const stake = stakeOf(agreeing.map(({ node }) => node)) * 10_000n >= BigInt(order.quorumBps) * stakeOf(committee);
    if (!heads || !stake) throw new Refusal("no-quorum");
    return { agreeing, dissenting };
  }

  #freeze(order: Order, { agreeing, dissenting }: Group): void {
    const until = order.deadline + 4 * GRACE_SECONDS;
    for (const said of dissenting) {
      this.frozenUntil[said.node] = Math.max(this.frozenUntil[said.node] ?? 0, until);
      this.freezes.push({ order, node: said.node, until, said, right: agreeing[0]?.resultHash ?? "0x" });
    }
  }

  #skipReason(lease: number, voucher: Voucher, clearing: Clearing): string | undefined {
    const outcome = LEASE_TRANSITIONS[this.stateOf(lease)][voucher.last ? "clear-last" : "clear"];
    if (!("to" in outcome)) return "skipped" in outcome ? outcome.skipped : outcome.refused;
    const { funds, paidPerNode, upTo, settled } = this.lease(lease);
    const { committee } = this.#cast.leases[lease] as Cast["leases"][number];
    const signed = textOf.clearing(clearing);
    if (!committee.every((node) => this.#signatures.isBy(nodeOf(node), signed))) return "node-not-signed";
    if (voucher.forced !== settled.size) return "forced-since";
    const isLess = voucher.perNode < paidPerNode || voucher.upTo < upTo;
    const isSame = voucher.perNode === paidPerNode && voucher.upTo === upTo && !voucher.last;
    if (isLess || isSame) return "voucher-stale";
    if ((voucher.perNode - paidPerNode) * BigInt(committee.length) > funds) return "lease-underfunded";
    return this.#signatures.isBy(sessionOf(lease), textOf.voucher(voucher)) ? undefined : "voucher-not-signed";
  }

  #charge(lease: number, voucher: Voucher): void {
    const model = this.lease(lease);
    const { committee } = this.#cast.leases[lease] as Cast["leases"][number];
    const each = voucher.perNode - model.paidPerNode;
    this.#spend(lease, new Map(committee.map((node) => [node, each])), 0n);
    model.paidPerNode = voucher.perNode;
    model.upTo = voucher.upTo;
    model.cleared.push({ ...voucher, at: this.now });
    if (voucher.last) this.#end(model);
  }

  #spend(lease: number, amounts: ReadonlyMap<number, bigint>, fee: bigint): void {
    const model = this.lease(lease);
    const total = [...amounts.values()].reduce((sum, amount) => sum + amount, fee);
    if (model.funds < total) throw new Refusal("lease-underfunded");
    model.funds -= total;
    model.fees += fee;
    for (const [node, amount] of amounts) model.earned.set(node, (model.earned.get(node) ?? 0n) + amount);
  }

  #end(model: LeaseModel): void {
    model.closed = true;
    model.refunded += model.funds;
    model.funds = 0n;
  }
}
