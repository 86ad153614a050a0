// Remembers all that was signed and notes at once what an honest party must never sign.
import type { Hex } from "viem";
import type { Voucher } from "#protocol/signed-messages.ts";
import { type Attestation, GRACE_SECONDS, type Order } from "./cast.ts";
import { type ClaimTerms, type Clearing, textOf } from "./signatures.ts";
import type { Simulation } from "./simulation.ts";

export class Witness {
  readonly #world: Simulation;
  readonly faults: string[] = [];
  /** By nodes that follow the rules. */
  accusations = 0;
  readonly orders = new Map<Hex, Order>();
  readonly attestations = new Map<Hex, Attestation[]>();
  /** By lease and text. */
  readonly vouchers = new Map<number, Map<string, Voucher>>();
  /** The most that the consumer found an answer to be worth. */
  readonly checked = new Map<Hex, bigint>();
  readonly #claims = new Map<number, ClaimTerms[]>();
  readonly #clearings = new Map<number, Clearing[]>();

  constructor(world: Simulation) {
    this.#world = world;
  }

  ordersOf(lease: number): readonly Order[] {
    return [...this.orders.values()].filter((order) => order.lease === lease);
  }

  noteOrder(order: Order): void {
    const twin = this.ordersOf(order.lease).find(({ nonce, id }) => nonce === order.nonce && id !== order.id);
    if (twin) this.#fault(`two orders ${order.nonce} of lease ${order.lease}`);
    this.orders.set(order.id, order);
  }

  noteChecked({ id }: Order, price: bigint): void {
    const before = this.checked.get(id) ?? 0n;
    this.checked.set(id, price > before ? price : before);
  }

  /** For checked answers alone, each once, and over none that can still be forced. */
  noteVoucher(lease: number, voucher: Voucher): void {
    const known = this.vouchers.get(lease) ?? new Map<string, Voucher>();
    this.vouchers.set(lease, known.set(textOf.voucher(voucher), voucher));
    if (this.#world.cast.leases[lease]?.consumer === "grabbing") return;
    const settled = new Set([...this.#world.exchange.lease(lease).settled.keys()].slice(0, voucher.forced));
    const covered = this.ordersOf(lease).filter(({ nonce }) => nonce <= voucher.upTo && !settled.has(nonce));
    const worth = covered.reduce((sum, { id }) => sum + (this.checked.get(id) ?? 0n), 0n);
    if (voucher.perNode > worth) this.#fault(`a voucher of ${voucher.perNode} for ${worth} in lease ${lease}`);
    const ended = this.ordersOf(lease).filter(
      ({ nonce }) => (voucher.last || nonce <= voucher.upTo) && !settled.has(nonce),
    );
    const open = ended.find((order) => {
      return !this.checked.has(order.id) && order.deadline + GRACE_SECONDS >= this.#world.now;
    });
    if (open) this.#fault(`a voucher over order ${open.nonce} of lease ${lease}, which is open`);
  }

  noteAttestation(attestation: Attestation): void {
    const before = this.attestations.get(attestation.order) ?? [];
    const same = before.filter(({ node }) => node === attestation.node);
    if (same.some((each) => textOf.attestation(each) === textOf.attestation(attestation))) return;
    if (same.length > 0 && this.#world.cast.nodes[attestation.node] !== "colluding") {
      this.#fault(`node ${attestation.node} attests twice`);
    }
    this.attestations.set(attestation.order, [...before, attestation]);
  }

  /** Not while a claim that it would void can be carried out. */
  noteClearing(node: number, clearing: Clearing): void {
    this.#clearings.set(node, [...(this.#clearings.get(node) ?? []), clearing]);
    const claims = this.#claims.get(node) ?? [];
    for (const { lease, voucher } of clearing.entries) {
      const voids = ({ nonce }: Order) => voucher.last || nonce <= voucher.upTo;
      const voided = claims.some((claim) => claim.lease === lease && this.#stands(claim) && claim.orders.some(voids));
      if (voided && this.#clears(lease, voucher)) this.#fault(`node ${node} signs a clearing over its claim`);
    }
  }

  /** Not while a clearing can be carried out, and each order in one claim. */
  noteClaim(node: number, claim: ClaimTerms): void {
    const claims = this.#claims.get(node) ?? [];
    if (claims.some((each) => textOf.claim(each) === textOf.claim(claim))) return;
    this.#claims.set(node, [...claims, claim]);
    const isIn = ({ orders }: ClaimTerms) => orders.some(({ id }) => claim.orders.some((order) => order.id === id));
    if (claims.some((each) => this.#stands(each) && isIn(each))) this.#fault(`node ${node} claims an order twice`);
    const valid = (this.#clearings.get(node) ?? []).filter(({ validUntil }) => validUntil >= this.#world.now);
    const entries = valid.flatMap((each) => each.entries).filter(({ lease }) => lease === claim.lease);
    if (entries.some(({ lease, voucher }) => this.#clears(lease, voucher))) {
      this.#fault(`node ${node} signs a claim over its clearing`);
    }
  }

  #stands({ orders, lease }: ClaimTerms): boolean {
    const { settled, upTo } = this.#world.exchange.lease(lease);
    const until = Math.min(...orders.map(({ deadline }) => deadline)) + GRACE_SECONDS;
    return until >= this.#world.now && orders.every(({ nonce }) => nonce > upTo && !settled.has(nonce));
  }

  #clears(lease: number, { forced, perNode, upTo }: Voucher): boolean {
    const model = this.#world.exchange.lease(lease);
    return forced === model.settled.size && perNode >= model.paidPerNode && upTo > model.upTo && !model.closed;
  }

  #fault(what: string): void {
    this.faults.push(`${what}, at ${this.#world.now}`);
  }
}
