// A consumer over its own ledger: what it orders, checks and signs.
import {
  nextVoucher,
  noteChain,
  noteChecked,
  noteOrder,
  noteTime,
  openPayerLedger,
  type PayerLedger,
} from "#protocol/payer-ledger.ts";
import { CAP, type ConsumerPart, GRACE_SECONDS, LEASE, ORDER_SECONDS, ORDERING_UNTIL, type Order } from "./cast.ts";
import { setOf } from "./keys.ts";
import type { Simulation } from "./simulation.ts";
import type { Message } from "./unreliable-network.ts";

export class ConsumerModel {
  readonly #world: Simulation;
  readonly #part: ConsumerPart;
  /** Kept on disk: a crash loses nothing else. */
  #ledger: PayerLedger = openPayerLedger(LEASE);
  readonly orders: Order[] = [];
  readonly #commitments = new Map<number, Set<number>>();
  readonly #answers = new Map<number, Map<number, boolean>>();
  /** What it received, checked and may have to pay for. */
  readonly checked = new Set<number>();

  constructor(world: Simulation, part: ConsumerPart) {
    this.#world = world;
    this.#part = part;
  }

  take(message: Message): void {
    if (this.#isSilent) return;
    if (message.kind === "commitment") setOf(this.#commitments, message.nonce).add(message.from);
    if (message.kind === "answer") {
      const answers = this.#answers.get(message.nonce) ?? new Map<number, boolean>();
      this.#answers.set(message.nonce, answers.set(message.from, message.lie));
    }
  }

  act(): void {
    if (this.#isSilent) return;
    const { now, exchange, network } = this.#world;
    this.#ledger = noteChain(noteTime(this.#ledger, now), {
      paidPerNode: exchange.paidPerNode,
      upTo: exchange.upTo,
      forced: exchange.forced,
      settled: [...exchange.settled].filter((nonce) => nonce > exchange.upTo),
    });
    if (now < ORDERING_UNTIL && this.#world.random() < 0.4) this.#order();
    for (const order of this.orders) this.#tend(order);
    const isEnd = now >= ORDERING_UNTIL + ORDER_SECONDS + GRACE_SECONDS + 2;
    const next = this.#part === "stingy" ? undefined : nextVoucher(this.#ledger, { last: isEnd });
    if (next) this.#ledger = next.ledger;
    const voucher = this.#ledger.signed;
    if (!voucher) return;
    const shown = this.#part === "underpaying" ? { ...voucher, perNode: voucher.perNode / 2n } : voucher;
    this.#world.show(shown);
    for (let node = 0; node < 3; node++) network.send(node, { kind: "voucher", voucher: shown }, now);
  }

  get #isSilent(): boolean {
    return this.#part === "silent" && this.#world.now >= this.#world.cast.silentFrom;
  }

  #order(): void {
    const { now, random } = this.#world;
    const nonce = this.#ledger.lastNonce + 1;
    const deadline = now + ORDER_SECONDS;
    const forcibleUntil = deadline + GRACE_SECONDS;
    this.#ledger = noteOrder(this.#ledger, { nonce, maxPrice: CAP, forcibleUntil });
    this.orders.push({ nonce, deadline, forcibleUntil, price: BigInt(1 + Math.floor(random() * 100)) });
  }

  /** Says again whatever an order still wants. */
  #tend(order: Order): void {
    const { now, network } = this.#world;
    const { nonce, deadline } = order;
    if (now > deadline) return;
    const committed = this.#commitments.get(nonce)?.size ?? 0;
    for (let node = 0; node < 3; node++) {
      network.send(node, { kind: "order", order }, now);
      const revealed = committed === 3 || (committed === 2 && now >= deadline - 4);
      if (revealed) network.send(node, { kind: "commitments", nonce }, now);
    }
    const truths = [...(this.#answers.get(nonce)?.values() ?? [])].filter((lie) => !lie).length;
    const isOpen = this.#ledger.orders.some((each) => each.nonce === nonce && each.standing === "open");
    if (truths < 2 || !isOpen) return;
    this.#ledger = noteChecked(this.#ledger, nonce, order.price);
    this.checked.add(nonce);
  }
}
