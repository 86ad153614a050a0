// Whoever uses what was signed to do harm: it has seen every voucher, order and attestation, sends any call at any time
// with any part of them, and asks every node to sign what suits it.
import { receiptsLeaf } from "#protocol/claim-work.ts";
import { merkleTree } from "#protocol/merkle-tree.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import { voucherPrice } from "#protocol/voucher-price.ts";
import { type Attestation, LIE, type Order, pick, TRUTH } from "./cast.ts";
import { SEATS } from "./court-model.ts";
import type { ClaimTerms } from "./signatures.ts";
import type { Simulation } from "./simulation.ts";

const NAME = "meddler";

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
    const ways = [this.#clear, this.#force, this.#force, this.#claim, this.#claimMore, this.#frame, this.#leave];
    pick(random, ways).bind(this)();
    const lease = Math.floor(random() * cast.leases.length);
    if (random() < 0.3) this.#world.try("meddler closes", () => exchange.close(lease));
    if (random() < 0.1) exchange.collect([...cast.nodes.keys()].filter(() => random() < 0.5));
    if (random() < 0.1) this.actAtCourt();
  }

  actAtCourt(): void {
    const { random, court, exchange, vault, now } = this.#world;
    if (random() < 0.2) vault.harvest(exchange.withdraw("vault"), now);
    const order = this.#order();
    if (!order) return;
    const shown = this.#shownOf(order);
    const by = pick(random, this.#world.exchange.committeeOf(order.lease));
    const vote = pick(random, [TRUTH, LIE]);
    const seats = [...Array(SEATS).keys()].filter(() => random() < 0.8);
    const ways: readonly (readonly [what: string, call: () => void])[] = [
      ["appeals", () => court.appeal(by, order, shown)],
      ["punishes", () => court.punish(order, shown)],
      ["punishes", () => court.punish(order, shown)],
      ["decides", () => court.decide(order, vote, seats)],
      ["pays jurors", () => court.payJurors(order)],
    ];
    // Only who has attested may appeal, so a good node's name is not the meddler's to use.
    const [what, call] = pick(random, this.#isBad(by) ? ways : ways.slice(1));
    this.#world.submit(`meddler ${what} for order ${order.nonce} of lease ${order.lease}`, call);
  }

  /** In a calm world: some order that everybody attested, long before anybody else would force it or one beside it. */
  settleInTime(): void {
    const { random, witness, exchange, now, cast } = this.#world;
    const { leases } = cast;
    const lease = Math.floor(random() * leases.length);
    // Most of all what the last voucher is about to pay.
    const isEnding = [...(witness.vouchers.get(lease)?.values() ?? [])].some(({ last }) => last);
    if (random() >= (isEnding ? 0.5 : 0.1)) return;
    const { upTo, settled } = exchange.lease(lease);
    const unpaid = witness.ordersOf(lease).filter(({ nonce }) => nonce > upTo && !settled.has(nonce));
    const order = pick(random, unpaid);
    const said = order && witness.attestations.get(order.id);
    const isEarly = unpaid.every(({ deadline }) => deadline >= now + 25);
    if (!isEarly || said?.length !== exchange.committeeOf(lease).length) return;
    const sorted = said.toSorted((a, b) => a.node - b.node);
    this.#world.try(`somebody settles order ${order.nonce} of lease ${lease}`, () => {
      exchange.settle("settle", "somebody", order, sorted);
    });
  }

  /** Any vouchers of any leases, old ones too. */
  #clear(): void {
    const { random, exchange, witness, now, nodes } = this.#world;
    const leases = [...witness.vouchers.entries()].filter(() => random() < 0.6);
    const entries = leases.map(([lease, vouchers]) => {
      const held = nodes.flatMap(({ disk }) => disk.kept.vouchers.get(lease) ?? []);
      const known = random() < 0.5 && held.length > 0 ? held : [...vouchers.values()];
      return { lease, voucher: pick<Voucher>(random, known) };
    });
    if (entries.length === 0) return;
    const clearing = { entries, validUntil: now + 1 + Math.floor(random() * 4) };
    for (const { id } of nodes) this.#world.ask(undefined, id, (node) => node.coSign(clearing));
    this.#world.submit("meddler clears", () => exchange.clear(clearing));
  }

  /** With a part of the attestations, an honest node's left out or a liar's. */
  #force(): void {
    const { random, exchange, court } = this.#world;
    const order = this.#order();
    if (!order) return;
    const shown = this.#shownOf(order);
    const call = pick(random, ["settle", "adjudicate", "accuse"] as const);
    this.#world.submit(`meddler: ${call} order ${order.nonce} of lease ${order.lease}`, () =>
      call === "accuse" ? court.accuse(order, shown) : exchange.settle(call, NAME, order, shown),
    );
  }

  /** Liars have whoever told the truth accused, when they are enough. */
  #frame(): void {
    const { random, court, exchange, cast } = this.#world;
    const order = this.#order();
    if (!order) return;
    const wanted = (said: Attestation) => said.resultHash === (cast.nodes[said.node] === "colluding" ? LIE : TRUTH);
    const shown = this.#saidOf(order).filter(wanted);
    const sorted = shown.toSorted((a, b) => a.node - b.node);
    const first = random() < 0.5;
    this.#world.submit(`meddler has order ${order.nonce} of lease ${order.lease} adjudicated and accused`, () => {
      if (first) this.#world.try("adjudicate", () => exchange.settle("adjudicate", NAME, order, sorted));
      court.accuse(order, sorted);
    });
  }

  /** Bad owners take their stake away before anybody can have it. */
  #leave(): void {
    const { random, exchange, cast, now } = this.#world;
    const node = pick(random, [...cast.nodes.keys()]);
    if (!this.#isBad(node)) return;
    this.#world.try(`the owner of node ${node} withdraws its stake`, () => {
      if (random() < 0.5) exchange.stakes.startUnbonding(node, now);
      else exchange.stakes.finishUnbonding(node, now);
    });
  }

  /** Carries out one that was signed, sooner or later. */
  #claim(): void {
    const { random, exchange } = this.#world;
    const claim = pick(random, this.#claims);
    if (claim) this.#world.submit("meddler claims", () => exchange.claim(NAME, claim));
  }

  /** Asks for another sum, or for a part of the orders. */
  #claimMore(): void {
    const { random, nodes, exchange } = this.#world;
    const known = pick(random, this.#claims);
    const order = this.#order();
    const claim =
      order && random() < 0.3
        ? this.#claimWithout(order)
        : known && random() < 0.6
          ? {
              ...known,
              perNode: known.perNode + BigInt(Math.floor(random() * 3) - 1),
              orders: known.orders.slice(random() < 0.5 ? 1 : 0),
            }
          : order && { lease: order.lease, orders: [order], receiptsRoot: order.id, perNode: order.maxPrice };
    if (!claim || claim.orders.length === 0) return;
    for (const { id } of nodes) {
      if (exchange.committeeOf(claim.lease).includes(id)) {
        this.#world.ask(undefined, id, (node) => node.rescue.signClaim(claim));
      }
    }
    this.#world.submit("meddler claims more", () => exchange.claim(NAME, claim));
  }

  /** As all would come to it, though some of them have not attested. */
  #claimWithout(order: Order): ClaimTerms {
    const prices = this.#saidOf(order).flatMap(({ resultHash, price }) => (resultHash === TRUTH ? [price] : []));
    const { root } = merkleTree([receiptsLeaf(order.id, TRUTH)]);
    return { lease: order.lease, orders: [order], receiptsRoot: root, perNode: voucherPrice(prices, order.maxPrice) };
  }

  #isBad(node: number): boolean {
    const part = this.#world.cast.nodes[node];
    return part === "colluding" || part === "erring";
  }

  #order(): Order | undefined {
    const { random, witness } = this.#world;
    return pick(random, [...witness.orders.values()]);
  }

  /** At most one of each node, ascending, and not of all. */
  #shownOf(order: Order): readonly Attestation[] {
    const { random } = this.#world;
    const said = Map.groupBy(this.#saidOf(order), ({ node }) => node);
    const shown = [...said.values()].map((each) => pick<Attestation>(random, each)).filter(() => random() < 0.75);
    return shown.toSorted((a, b) => a.node - b.node);
  }

  #saidOf(order: Order): readonly Attestation[] {
    return this.#world.witness.attestations.get(order.id) ?? [];
  }
}
