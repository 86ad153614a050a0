// Whoever uses what was signed to do harm: it has seen every voucher, order and attestation, sends any call at any time
// with any part of them, and asks every node to sign what suits it.
import type { Voucher } from "#protocol/signed-messages.ts";
import { type Attestation, type Order, pick } from "./cast.ts";
import type { ClaimTerms } from "./signatures.ts";
import type { Simulation } from "./simulation.ts";

export class Meddler {
  readonly #world: Simulation;
  readonly #claims: ClaimTerms[] = [];

  constructor(world: Simulation) {
    this.#world = world;
  }

  noteClaim(claim: ClaimTerms): void {
    this.#claims.push(claim);
  }

  act(): void {
    const { random, exchange, cast } = this.#world;
    const meddle = pick(random, [this.#clear, this.#force, this.#force, this.#claim, this.#claimMore]).bind(this);
    meddle();
    const lease = Math.floor(random() * cast.leases.length);
    if (random() < 0.3) this.#world.try(() => exchange.close(lease));
  }

  /** Any vouchers of any leases, old ones too. */
  #clear(): void {
    const { random, exchange, witness, now, nodes } = this.#world;
    const leases = [...witness.vouchers.entries()].filter(() => random() < 0.6);
    const entries = leases.map(([lease, vouchers]) => ({
      lease,
      voucher: pick<Voucher>(random, [...vouchers.values()]),
    }));
    if (entries.length === 0) return;
    const clearing = { entries, validUntil: now + 1 + Math.floor(random() * 4) };
    for (const { id } of nodes) this.#world.ask(undefined, id, (node) => node.coSign(clearing));
    this.#world.submit(() => exchange.clear(clearing));
  }

  /** With a part of the attestations, an honest node's left out or a liar's. */
  #force(): void {
    const { random, exchange } = this.#world;
    const order = this.#order();
    if (!order) return;
    const said = Map.groupBy(this.#saidOf(order), ({ node }) => node);
    const shown = [...said.values()].map((each) => pick<Attestation>(random, each)).filter(() => random() < 0.75);
    const sorted = shown.toSorted((a, b) => a.node - b.node);
    const call = pick(random, ["settle", "adjudicate", "accuse"] as const);
    this.#world.submit(() =>
      call === "accuse" ? exchange.accuse(order, sorted) : exchange.settle(call, order, sorted),
    );
  }

  /** Carries out one that was signed, sooner or later. */
  #claim(): void {
    const { random, exchange } = this.#world;
    const claim = pick(random, this.#claims);
    if (claim) this.#world.submit(() => exchange.claim(claim));
  }

  /** Asks for another sum, or for a part of the orders. */
  #claimMore(): void {
    const { random, nodes, exchange } = this.#world;
    const known = pick(random, this.#claims);
    const order = this.#order();
    const claim =
      known && random() < 0.6
        ? {
            ...known,
            perNode: known.perNode + BigInt(Math.floor(random() * 3) - 1),
            orders: known.orders.slice(random() < 0.5 ? 1 : 0),
          }
        : order && { lease: order.lease, orders: [order], receiptsRoot: order.id, perNode: order.maxPrice };
    if (!claim || claim.orders.length === 0) return;
    for (const { id } of nodes) {
      if (this.#world.cast.leases[claim.lease]?.committee.includes(id)) {
        this.#world.ask(undefined, id, (node) => node.rescue.signClaim(claim));
      }
    }
    this.#world.submit(() => exchange.claim(claim));
  }

  #order(): Order | undefined {
    const { random, witness } = this.#world;
    return pick(random, [...witness.orders.values()]);
  }

  #saidOf(order: Order): readonly Attestation[] {
    return this.#world.witness.attestations.get(order.id) ?? [];
  }
}
