// A seeded world of one lease: a consumer, three nodes and a model of the exchange, over a network that loses, delays,
// repeats and reorders messages. Parties fall silent, lie and underpay as their parts tell, and a stranger keeps every
// voucher and signature that it ever saw and uses them when it likes. What honest parties decide is decided by the
// protocol's own ledgers; this file only moves messages, time and money.
import type { Voucher } from "#protocol/signed-messages.ts";
import { type Cast, END, type Order, type Random } from "./cast.ts";
import { ConsumerModel } from "./consumer-model.ts";
import { ExchangeModel } from "./exchange-model.ts";
import { keyOf, setOf } from "./keys.ts";
import { NodeModel } from "./node-model.ts";
import { CONSUMER, UnreliableNetwork } from "./unreliable-network.ts";

export class Simulation {
  readonly cast: Cast;
  readonly random: Random;
  readonly exchange = new ExchangeModel();
  readonly network: UnreliableNetwork;
  readonly consumer: ConsumerModel;
  readonly nodes: readonly NodeModel[];
  now = 0;
  readonly #vouchers = new Map<string, Voucher>();
  readonly #clearings = new Map<string, Set<number>>();

  constructor(cast: Cast, random: Random) {
    this.cast = cast;
    this.random = random;
    this.network = new UnreliableNetwork(random, cast);
    this.consumer = new ConsumerModel(this, cast.consumer);
    this.nodes = cast.nodes.map((part, id) => new NodeModel(this, id, part));
  }

  run(): this {
    for (; this.now < END; this.now++) {
      for (const { to, message } of this.network.arrivals(this.now)) {
        if (to === CONSUMER) this.consumer.take(message);
        else this.nodes[to]?.take(message);
      }
      this.consumer.act();
      for (const node of this.nodes) node.act();
      this.#meddle();
      this.exchange.closeAfterGrace(this.now);
    }
    return this;
  }

  /** Asks every node to sign; what one has signed stays signed. */
  clear(voucher: Voucher): void {
    const signed = setOf(this.#clearings, keyOf(voucher));
    for (const [id, node] of this.nodes.entries()) if (node.signsClearingOf(voucher)) signed.add(id);
    if (signed.size === this.nodes.length) this.exchange.clear(voucher);
  }

  /** What the consumer signed is in the world for good. */
  show(voucher: Voucher): void {
    this.#vouchers.set(keyOf(voucher), voucher);
  }

  /** With the attestations of those that answer now. */
  force(order: Order): void {
    this.#force(order, ({ isAlive }) => isAlive);
  }

  /** Anyone may bring whatever was signed, at any time. */
  #meddle(): void {
    const voucher = this.#pick([...this.#vouchers.values()]);
    if (voucher) this.clear(voucher);
    const order = this.random() * 100 < this.cast.forcedPercent ? this.#pick(this.consumer.orders) : undefined;
    if (order) this.#force(order, () => true);
  }

  #force(order: Order, from: (node: NodeModel) => boolean): void {
    const agreeing = this.nodes.flatMap((node, id) => (node.agreesOn(order.nonce) && from(node) ? [id] : []));
    this.exchange.force(order, agreeing, this.now);
  }

  #pick<Item>(all: readonly Item[]): Item | undefined {
    return all[Math.floor(this.random() * all.length)];
  }
}
