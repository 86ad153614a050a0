// Remembers all that was signed and notes at once what an honest party must never sign or take. It says so by itself, from
// what was signed and from what the contracts hold, and not by the rules that the parties follow.
import type { Hex } from "viem";
import type { Voucher } from "#protocol/signed-messages.ts";
import { type Attestation, GRACE_SECONDS, type Order } from "./cast.ts";
import type { NodeModel } from "./node-model.ts";
import { type ClaimTerms, type Clearing, textOf } from "./signatures.ts";
import type { Simulation } from "./simulation.ts";

export class Witness {
  readonly #world: Simulation;
  readonly faults: string[] = [];
  readonly orders = new Map<Hex, Order>();
  readonly attestations = new Map<Hex, Attestation[]>();
  /** By lease and text. */
  readonly vouchers = new Map<number, Map<string, Voucher>>();
  /** The most that the consumer found an answer to be worth. */
  readonly checked = new Map<Hex, bigint>();
  readonly #claims = new Map<number, ClaimTerms[]>();
  readonly #clearings = new Map<number, Clearing[]>();
  readonly #votes = new Map<string, Hex>();

  constructor(world: Simulation) {
    this.#world = world;
  }

  ordersOf(lease: number): readonly Order[] {
    return [...this.orders.values()].filter((order) => order.lease === lease);
  }

  noteOrder(order: Order): void {
    const twin = this.ordersOf(order.lease).find(({ nonce, id }) => nonce === order.nonce && id !== order.id);
    if (twin) this.#fault(`two orders ${order.nonce} of lease ${order.lease}`);
    if (this.orders.has(order.id)) return;
    const forced = this.#world.exchange.lease(order.lease).settled.size;
    const known = [...(this.vouchers.get(order.lease)?.values() ?? [])];
    const hasEnded = known.some((voucher) => voucher.last && voucher.forced === forced);
    if (hasEnded && this.#world.cast.leases[order.lease]?.consumer !== "grabbing") {
      this.#fault(`order ${order.nonce} of lease ${order.lease} comes after its last voucher`);
    }
    this.orders.set(order.id, order);
    this.#world.tell(() => `order ${order.nonce} of lease ${order.lease}, until ${order.deadline}`);
  }

  /** At what the exchange would make of the agreeing nodes' prices. */
  noteChecked({ id, nonce, lease, maxPrice }: Order, price: bigint, agreed: readonly Attestation[]): void {
    const prices = agreed.map((each) => each.price).toSorted((a, b) => Number(a - b));
    const lower = prices[Math.ceil(prices.length / 2) - 1] ?? 0n;
    const fair = lower < maxPrice ? lower : maxPrice;
    if (price !== fair) this.#fault(`order ${nonce} of lease ${lease} is worth ${fair}, not ${price}`);
    const before = this.checked.get(id) ?? 0n;
    this.checked.set(id, price > before ? price : before);
  }

  /** For checked answers alone, each once, and over none that can still be forced. */
  noteVoucher(lease: number, voucher: Voucher): void {
    const known = this.vouchers.get(lease) ?? new Map<string, Voucher>();
    const { perNode, upTo, forced, last } = voucher;
    const isNew = !known.has(textOf.voucher(voucher));
    const terms = `${perNode} for orders up to ${upTo}, forced ${forced}${last ? ", last" : ""}`;
    if (isNew) this.#world.tell(() => `voucher of lease ${lease}: ${terms}`);
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

  /** What the exchange would carry out now, and no less than what the node holds already. */
  noteHeld({ id, disk }: NodeModel, lease: number, { perNode, upTo, forced, last }: Voucher): void {
    const { funds, paidPerNode, settled, ...chain } = this.#world.exchange.lease(lease);
    const committee = BigInt(this.#world.exchange.committeeOf(lease).length);
    const isGood = forced === settled.size && perNode >= paidPerNode && upTo >= chain.upTo;
    const isFunded = (perNode - paidPerNode) * committee <= funds;
    if (!isGood || !isFunded) this.#fault(`node ${id} takes a voucher of lease ${lease} that cannot be cleared`);
    const held = disk.kept.vouchers.get(lease);
    if (held === undefined || held.forced !== settled.size) return;
    const isLess = perNode < held.perNode || upTo < held.upTo || (held.last && !last);
    if (isLess) this.#fault(`node ${id} takes a voucher of lease ${lease} that says less than the one it holds`);
  }

  /** Within the node's credit, and only what can still be forced. */
  noteAccepted({ id, disk }: NodeModel, { lease, nonce }: Order): void {
    const { paidPerNode, upTo, settled } = this.#world.exchange.lease(lease);
    const held = disk.kept.vouchers.get(lease);
    const isValid = held?.forced === settled.size && held.perNode >= paidPerNode && held.upTo >= upTo;
    const covered = isValid ? held.upTo : upTo;
    if (nonce <= covered) this.#fault(`node ${id} serves order ${nonce} of lease ${lease}, which is covered`);
    if (held?.last && held.forced === settled.size) this.#fault(`node ${id} serves lease ${lease} after its end`);
    const unsigned = [...disk.kept.works.values()].filter(({ order, commits }) => {
      const isForcible = order.deadline + GRACE_SECONDS >= this.#world.now && !settled.has(order.nonce);
      return commits !== undefined && order.lease === lease && order.nonce > covered && isForcible;
    });
    const priceOf = (price: bigint, most: bigint) => (price < most ? price : most);
    const lent = unsigned.reduce((sum, { order, result }) => sum + priceOf(result?.price ?? 0n, order.maxPrice), 0n);
    if (lent > this.#world.cast.credit) this.#fault(`node ${id} has served lease ${lease} for ${lent} already`);
  }

  noteVote(seat: number, order: Order, resultHash: Hex): void {
    const vote = `${seat} ${order.id}`;
    if ((this.#votes.get(vote) ?? resultHash) !== resultHash) this.#fault(`juror ${seat} votes twice`);
    this.#votes.set(vote, resultHash);
  }

  noteAttestation(attestation: Attestation): void {
    const before = this.attestations.get(attestation.order) ?? [];
    const same = before.filter(({ node }) => node === attestation.node);
    if (same.some((each) => textOf.attestation(each) === textOf.attestation(attestation))) return;
    if (same.length > 0 && this.#world.cast.nodes[attestation.node] !== "colluding") {
      this.#fault(`node ${attestation.node} attests twice`);
    }
    this.attestations.set(attestation.order, [...before, attestation]);
    this.#world.tell(() => {
      const order = this.orders.get(attestation.order);
      return `node ${attestation.node} attests order ${order?.nonce} of lease ${order?.lease}`;
    });
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
    const committee = this.#world.exchange.committeeOf(claim.lease);
    const hasSaid = ({ id }: Order, by: number) => this.attestations.get(id)?.some((said) => said.node === by);
    const isWhole = claim.orders.every((order) => committee.every((by) => hasSaid(order, by)));
    if (!isWhole) this.#fault(`node ${node} claims what not all of lease ${claim.lease} attested`);
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
