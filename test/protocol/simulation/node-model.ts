// A node over its own ledger: what it serves, which vouchers it takes, when it clears and when it forces.
import { clearable, clearBy, type PayeeLedger, refuseToServe, refuseVoucher } from "#protocol/payee-ledger.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import { CREDIT, MARGIN_SECONDS, type NodePart, type Order } from "./cast.ts";
import { keyOf } from "./keys.ts";
import type { Simulation } from "./simulation.ts";
import { CONSUMER, type Message } from "./unreliable-network.ts";

export class NodeModel {
  readonly #world: Simulation;
  readonly #id: number;
  readonly part: NodePart;
  readonly #orders = new Map<number, { readonly order: Order; readonly doneAt: number; attested: boolean }>();
  #held: Voucher | undefined;

  constructor(world: Simulation, id: number, part: NodePart) {
    this.#world = world;
    this.#id = id;
    this.part = part;
  }

  get isAlive(): boolean {
    return this.part !== "idle" && !(this.part === "dead" && this.#world.now >= this.#world.cast.silentFrom);
  }

  /** Whether it has attested the true result in time, so that it is owed. */
  agreesOn(nonce: number): boolean {
    return this.part !== "lying" && this.#orders.get(nonce)?.attested === true;
  }

  signsClearingOf(voucher: Voucher): boolean {
    return (
      this.isAlive && (this.part === "lying" || (this.#held !== undefined && keyOf(this.#held) === keyOf(voucher)))
    );
  }

  take(message: Message): void {
    if (!this.isAlive) return;
    if (message.kind === "order") this.#accept(message.order);
    if (message.kind === "commitments") this.#reveal(message.nonce);
    if (message.kind === "voucher" && refuseVoucher(this.#ledger(), message.voucher) === undefined) {
      this.#held = message.voucher;
    }
  }

  act(): void {
    if (!this.isAlive) return;
    const { now, network, random } = this.#world;
    for (const [nonce, { order, doneAt, attested }] of this.#orders) {
      const said = { from: this.#id, nonce, lie: this.part === "lying" };
      if (doneAt <= now && now <= order.deadline) network.send(CONSUMER, { kind: "commitment", ...said }, now);
      if (attested) network.send(CONSUMER, { kind: "answer", ...said }, now);
    }
    if (this.part === "lying") return;
    const ledger = this.#ledger();
    const by = clearBy(ledger);
    const isUrgent = by !== undefined && now + 2 * MARGIN_SECONDS >= by;
    if (clearable(ledger) > 0n && (isUrgent || random() < 0.1)) this.#world.clear(ledger.held as Voucher);
    if (ledger.held?.last && random() < 0.5) this.#world.clear(ledger.held);
    for (const { order, attested } of this.#orders.values()) {
      if (attested && now + MARGIN_SECONDS >= order.forcibleUntil) this.#world.force(order);
    }
  }

  #accept(order: Order): void {
    const { now, random } = this.#world;
    if (this.#orders.has(order.nonce) || now + 5 > order.deadline) return;
    if (refuseToServe(this.#ledger(), order.nonce, CREDIT) !== undefined) return;
    this.#orders.set(order.nonce, { order, doneAt: now + 1 + Math.floor(random() * 3), attested: false });
  }

  #reveal(nonce: number): void {
    const work = this.#orders.get(nonce);
    if (work && work.doneAt <= this.#world.now && this.#world.now <= work.order.deadline) work.attested = true;
  }

  /** As node/vouchers/payee-view.ts has it: what can no longer be forced is lost. */
  #ledger(): PayeeLedger {
    const { now, exchange } = this.#world;
    const live = [...this.#orders.values()].filter(({ order, attested }) => {
      return order.nonce > exchange.upTo && order.forcibleUntil >= now && (attested || now <= order.deadline);
    });
    return {
      orders: live.map(({ order, attested }) => ({
        nonce: order.nonce,
        standing: exchange.settled.has(order.nonce) ? "forced" : attested ? "served" : "open",
        due: attested && !exchange.settled.has(order.nonce) ? order.price : 0n,
        forcibleUntil: order.forcibleUntil,
      })),
      held: this.#held,
      chain: {
        remaining: exchange.funds,
        paidPerNode: exchange.paidPerNode,
        upTo: exchange.upTo,
        forced: exchange.forced,
        committee: 3,
      },
    };
  }
}
