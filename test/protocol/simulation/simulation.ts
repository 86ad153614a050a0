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
    const key = keyOf(voucher);
    const signed = setOf(this.#clearings, key);
    for (const [id, node] of this.nodes.entries()) if (node.signsClearingOf(voucher)) signed.add(id);
    if (signed.size === this.nodes.length) this.exchange.clear(voucher);
  }

  /** What the consumer signed is in the world for good. */
  show(voucher: Voucher): void {
    this.#vouchers.set(keyOf(voucher), voucher);
  }

  /** Anyone may bring whatever was signed, at any time. */
  #meddle(): void {
    const vouchers = [...this.#vouchers.values()];
    const voucher = vouchers[Math.floor(this.random() * vouchers.length)];
    if (voucher) this.clear(voucher);
    if (this.random() > this.cast.forcedPercent / 100) return;
    const order = this.consumer.orders[Math.floor(this.random() * this.consumer.orders.length)];
    const agreeing = this.nodes.flatMap(({ part }, id) =>
      order && part !== "lying" && this.nodes[id]?.served(order.nonce) ? [id] : [],
    );
    if (order) this.exchange.force(order, agreeing, this.now);
  }

  force(order: Order): void {
    const agreeing = this.nodes.flatMap((node, id) => (node.attests(order.nonce) ? [id] : []));
    this.exchange.force(order, agreeing, this.now);
  }
}
