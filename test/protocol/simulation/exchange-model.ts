// A model of the exchange: what it holds, for whom, and what every call moves. It refuses what the contracts refuse, by the
// same facts; which states let a call through is the protocol's own table.
import { LEASE_TRANSITIONS, type LeaseEvent, type LeaseState } from "#protocol/lease-transitions.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import { type Attestation, type Cast, DEPOSIT, FEE_BPS, GRACE_SECONDS, LEASE_EXPIRY, type Order } from "./cast.ts";
import { type Group, isQuorum, largestGroup, Refusal, requireAttestations, requireOrder } from "./evidence-model.ts";
import { type ClaimTerms, type Clearing, nodeOf, type Signatures, sessionOf, textOf } from "./signatures.ts";
import { StakeModel } from "./stake-model.ts";

export interface LeaseModel {
  funds: bigint;
  paidPerNode: bigint;
  upTo: number;
  closed: boolean;
  closedAt: number;
  refunded: bigint;
  /** By rungs 2 and 3, and by `settle`. */
  readonly settled: Map<number, Settlement>;
  /** Those that were cleared, in that order. */
  readonly cleared: (Voucher & { readonly at: number })[];
}

export interface Settlement {
  readonly order: Order;
  readonly by: "settle" | "adjudicate" | "claim";
  readonly sender: string;
  readonly at: number;
  /** What each node got; of a claim, for all its orders, under the first of them. */
  readonly amounts: ReadonlyMap<number, bigint>;
  readonly fee: bigint;
  /** Whose attestations were shown and not paid. */
  readonly dissenting: readonly number[];
}

export interface Freeze {
  readonly order: Order;
  readonly node: number;
  readonly until: number;
  readonly said: Attestation;
  readonly right: Attestation["resultHash"];
}

export class ExchangeModel {
  readonly #cast: Cast;
  readonly #signatures: Signatures;
  readonly leases: readonly LeaseModel[];
  readonly stakes: StakeModel;
  readonly freezes: Freeze[] = [];
  /** Each node's, until it is collected, and all that it ever earned. */
  readonly earned: bigint[];
  readonly earnedEver: bigint[];
  readonly accounts = new Map<string, bigint>();
  /** Of each node: how often something was collected, and the fees of it. */
  readonly collected: { times: number; fees: bigint }[];
  /** Entries of batches that were left out while others of the same batch went through. */
  skippedBesides = 0;
  now = 0;

  constructor(cast: Cast, signatures: Signatures) {
    this.#cast = cast;
    this.#signatures = signatures;
    this.stakes = new StakeModel(cast.stakes);
    this.earned = cast.nodes.map(() => 0n);
    this.earnedEver = cast.nodes.map(() => 0n);
    this.collected = cast.nodes.map(() => ({ times: 0, fees: 0n }));
    this.leases = cast.leases.map(() => ({
      ...{ funds: DEPOSIT, paidPerNode: 0n, upTo: 0, closed: false, closedAt: 0, refunded: 0n },
      settled: new Map(),
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

  committeeOf(lease: number): readonly number[] {
    return this.#cast.leases[lease]?.committee ?? [];
  }

  /** A bad entry is left out alone. */
  clear(clearing: Clearing): void {
    if (this.now > clearing.validUntil) throw new Refusal("signature-expired");
    let charged = 0;
    for (const { lease, voucher } of clearing.entries) {
      if (this.skipReason(lease, voucher, clearing) !== undefined) continue;
      this.#charge(lease, voucher);
      charged++;
    }
    if (charged > 0) this.skippedBesides += clearing.entries.length - charged;
  }

  settle(by: "settle" | "adjudicate", sender: string, order: Order, attestations: readonly Attestation[]): void {
    this.#requireState(order.lease, by);
    this.#requireOrder(order);
    const isLate = this.now > order.deadline;
    if (!isLate && attestations.length !== this.committeeOf(order.lease).length) {
      throw new Refusal("attestations-missing");
    }
    if (by === "adjudicate" && !isLate) throw new Refusal("order-in-time");
    const group = this.quorumOf(order, attestations);
    this.#requireUnused(order);

    const prices = group.agreeing.map(({ price }) => price).toSorted((a, b) => Number(a - b));
    const median = prices[Math.floor((prices.length - 1) / 2)] ?? 0n;
    const cap = median < order.maxPrice ? median : order.maxPrice;
    const amounts = new Map(group.agreeing.map(({ node, price }) => [node, price < cap ? price : cap]));
    const fee = isLate ? order.forceFee : 0n;
    this.#spend(order.lease, amounts, fee, sender);
    this.lease(order.lease).settled.set(order.nonce, {
      ...{ order, by, sender, at: this.now, amounts, fee },
      dissenting: group.dissenting.map(({ node }) => node),
    });
    // The last thing here, because a call that reverts freezes nobody.
    if (by === "adjudicate") this.freeze(order, group);
  }

  claim(sender: string, terms: ClaimTerms): void {
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
    const committee = this.committeeOf(lease);
    const isSigned = (node: number) => this.#signatures.isBy(nodeOf(node), textOf.claim(terms));
    if (!committee.every(isSigned)) throw new Refusal("claim-signature-invalid");

    const amounts = new Map(committee.map((node) => [node, perNode]));
    this.#spend(
      lease,
      amounts,
      orders.reduce((sum, { forceFee }) => sum + forceFee, 0n),
      sender,
    );
    for (const [index, order] of orders.entries()) {
      const got = index === 0 ? amounts : new Map<number, bigint>();
      const facts = { by: "claim", sender, at: this.now, dissenting: [] } as const;
      const settlement = { ...facts, order, amounts: got, fee: order.forceFee };
      this.lease(lease).settled.set(order.nonce, settlement);
    }
  }

  close(lease: number): void {
    this.#requireState(lease, "close");
    this.#end(lease);
  }

  /** By anyone, for these nodes' owners. */
  collect(nodes: readonly number[]): void {
    for (const node of nodes) {
      const [amount, collected] = [this.earned[node] ?? 0n, this.collected[node]];
      if (amount === 0n || collected === undefined) continue;
      const fee = (amount * FEE_BPS) / 10_000n;
      this.earned[node] = 0n;
      collected.times++;
      collected.fees += fee;
      this.credit(`owner ${node}`, amount - fee);
      this.credit("vault", fee);
    }
  }

  /** Takes all that an account holds. */
  withdraw(account: string): bigint {
    const amount = this.accounts.get(account) ?? 0n;
    this.accounts.set(account, 0n);
    return amount;
  }

  credit(account: string, amount: bigint): void {
    this.accounts.set(account, (this.accounts.get(account) ?? 0n) + amount);
  }

  /** Everybody alike is a quorum of any heads and stake. */
  quorumOf(order: Order, attestations: readonly Attestation[]): Group {
    const committee = this.committeeOf(order.lease);
    requireAttestations(this.#signatures, committee, order, attestations);
    const group = largestGroup(attestations);
    if (group.agreeing.length === committee.length) return group;
    const nodes = group.agreeing.map(({ node }) => node);
    if (!isQuorum(this.stakes, committee, order.quorumBps, nodes)) throw new Refusal("no-quorum");
    return group;
  }

  freeze(order: Order, { agreeing, dissenting }: Group): void {
    const until = order.deadline + 4 * GRACE_SECONDS;
    for (const said of dissenting) {
      this.stakes.freeze(said.node, until);
      this.freezes.push({ order, node: said.node, until, said, right: agreeing[0]?.resultHash ?? "0x" });
    }
  }

  /** Why a batch leaves the lease out; undefined when it does not. */
  skipReason(lease: number, voucher: Voucher, clearing: Clearing): string | undefined {
    const outcome = LEASE_TRANSITIONS[this.stateOf(lease)][voucher.last ? "clear-last" : "clear"];
    if (!("to" in outcome)) return "skipped" in outcome ? outcome.skipped : outcome.refused;
    const { funds, paidPerNode, upTo, settled } = this.lease(lease);
    const committee = this.committeeOf(lease);
    const signed = textOf.clearing(clearing);
    if (!committee.every((node) => this.#signatures.isBy(nodeOf(node), signed))) return "node-not-signed";
    if (voucher.forced !== settled.size) return "forced-since";
    const isLess = voucher.perNode < paidPerNode || voucher.upTo < upTo;
    const isSame = voucher.perNode === paidPerNode && voucher.upTo === upTo && !voucher.last;
    if (isLess || isSame) return "voucher-stale";
    if ((voucher.perNode - paidPerNode) * BigInt(committee.length) > funds) return "lease-underfunded";
    return this.#signatures.isBy(sessionOf(lease), textOf.voucher(voucher)) ? undefined : "voucher-not-signed";
  }

  #requireState(lease: number, event: LeaseEvent): void {
    const outcome = LEASE_TRANSITIONS[this.stateOf(lease)][event];
    if ("to" in outcome) return;
    throw new Refusal("refused" in outcome ? outcome.refused : outcome.skipped);
  }

  #requireOrder(order: Order): void {
    requireOrder(this.#signatures, order, this.now, order.deadline + GRACE_SECONDS);
  }

  #requireUnused({ lease, nonce }: Order): void {
    const { upTo, settled } = this.lease(lease);
    if (nonce <= upTo) throw new Refusal("nonce-covered");
    if (settled.has(nonce)) throw new Refusal("nonce-used");
  }

  #charge(lease: number, voucher: Voucher): void {
    const model = this.lease(lease);
    const each = voucher.perNode - model.paidPerNode;
    this.#spend(lease, new Map(this.committeeOf(lease).map((node) => [node, each])), 0n, "");
    model.paidPerNode = voucher.perNode;
    model.upTo = voucher.upTo;
    model.cleared.push({ ...voucher, at: this.now });
    if (voucher.last) this.#end(lease);
  }

  #spend(lease: number, amounts: ReadonlyMap<number, bigint>, fee: bigint, sender: string): void {
    const model = this.lease(lease);
    const total = [...amounts.values()].reduce((sum, amount) => sum + amount, fee);
    if (model.funds < total) throw new Refusal("lease-underfunded");
    model.funds -= total;
    if (fee > 0n) this.credit(sender, fee);
    for (const [node, amount] of amounts) {
      this.earned[node] = (this.earned[node] ?? 0n) + amount;
      this.earnedEver[node] = (this.earnedEver[node] ?? 0n) + amount;
    }
  }

  #end(lease: number): void {
    const model = this.lease(lease);
    model.closed = true;
    model.closedAt = this.now;
    model.refunded += model.funds;
    this.credit(`consumer ${lease}`, model.funds);
    model.funds = 0n;
  }
}
