// A consumer over its own ledger: what it orders, checks and signs.
import { quorumCount } from "#protocol/order.ts";
import { nextVoucher, noteChain, noteChecked, noteOrder, noteTime, type PayerLedger } from "#protocol/payer-ledger.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import { voucherPrice } from "#protocol/voucher-price.ts";
import {
  type Attestation,
  CAP,
  FORCE_FEE,
  GRACE_SECONDS,
  hexOf,
  type LeaseCast,
  ORDER_SECONDS_MAX,
  ORDERING_UNTIL,
  type Order,
} from "./cast.ts";
import type { Disk } from "./disk.ts";
import { nodeOf, sessionOf, textOf } from "./signatures.ts";
import type { Simulation } from "./simulation.ts";
import type { Message } from "./unreliable-network.ts";

/** A consumer's file. */
export interface ConsumerFile {
  readonly ledger: PayerLedger;
  readonly orders: readonly Order[];
}

export class ConsumerModel {
  readonly #world: Simulation;
  readonly #lease: number;
  readonly #cast: LeaseCast;
  readonly #disk: Disk<ConsumerFile>;
  readonly #committed = new Map<string, Set<number>>();
  readonly #answers = new Map<string, Map<number, Attestation>>();

  constructor(world: Simulation, lease: number, disk: Disk<ConsumerFile>) {
    this.#world = world;
    this.#lease = lease;
    this.#cast = world.cast.leases[lease] as LeaseCast;
    this.#disk = disk;
    for (const order of disk.kept.orders) this.#sign(order);
  }

  get #isSilent(): boolean {
    return this.#cast.consumer === "silent" && this.#world.now >= this.#world.cast.silentFrom;
  }

  take(message: Message): void {
    if (this.#isSilent) return;
    if (message.kind === "commitment") {
      const nodes = this.#committed.get(message.order.id) ?? new Set<number>();
      this.#committed.set(message.order.id, nodes.add(message.from));
    }
    if (message.kind === "answer") {
      const { order, attestation } = message;
      const answers = this.#answers.get(order.id) ?? new Map<number, Attestation>();
      this.#answers.set(order.id, answers.set(attestation.node, attestation));
    }
  }

  act(): void {
    if (this.#isSilent) return;
    const { now, random } = this.#world;
    this.#read();
    if (now < ORDERING_UNTIL && random() < 0.25) this.#order();
    for (const order of this.#disk.kept.orders) if (now <= order.deadline) this.#tend(order);
    this.#pay();
  }

  /** A count that was read before the orders is torn, and read again in the next moment. */
  #read(): void {
    const { now, exchange, random } = this.#world;
    const { paidPerNode, upTo, settled } = exchange.lease(this.#lease);
    const named = [...settled.keys()].filter((nonce) => nonce > upTo && random() < 0.98);
    try {
      const reading = { paidPerNode, upTo, forced: settled.size, settled: named };
      this.#keep({ ledger: noteChain(noteTime(this.#disk.kept.ledger, now), reading) });
    } catch (error) {
      if (!(error instanceof ProtocolError && error.code === "lease-reading-torn")) throw error;
    }
  }

  #order(): void {
    const { now, random } = this.#world;
    const { ledger, orders } = this.#disk.kept;
    if (ledger.signed?.last) return;
    const nonce = ledger.lastNonce + 1;
    const deadline = now + this.#world.cast.orderSeconds;
    const { quorumBps } = this.#cast;
    const id = hexOf(32, this.#lease + 1, nonce, 1 + Math.floor(random() * 2 ** 31));
    const order = { id, lease: this.#lease, nonce, maxPrice: CAP, forceFee: FORCE_FEE, quorumBps, deadline };
    const noted = noteOrder(ledger, { nonce, maxPrice: CAP, forcibleUntil: deadline + GRACE_SECONDS });
    this.#keep({ ledger: noted, orders: [...orders, order] });
    this.#sign(order);
  }

  /** After a crash once more: it was written before. */
  #sign(order: Order): void {
    this.#world.signatures.sign(sessionOf(this.#lease), textOf.order(order));
    this.#world.witness.noteOrder(order);
  }

  /** Says again whatever an order still wants. */
  #tend(order: Order): void {
    const { now, network } = this.#world;
    const { committee, consumer } = this.#cast;
    const nodes = [...(this.#committed.get(order.id) ?? [])];
    for (const node of committee) {
      network.send(nodeOf(node), { kind: "order", order }, now);
      const isShown = nodes.length > 0 && (consumer !== "choosy" || node === committee[order.nonce % committee.length]);
      if (isShown) network.send(nodeOf(node), { kind: "commitments", order, nodes }, now);
    }
    const answers = [...(this.#answers.get(order.id)?.values() ?? [])];
    const groups = [...Map.groupBy(answers, ({ resultHash }) => resultHash).values()];
    const agreed = groups.find((group) => group.length >= quorumCount(order.quorumBps, committee.length));
    const isOpen = this.#disk.kept.ledger.orders.some((each) => each.nonce === order.nonce && each.standing === "open");
    // Who waits for all of them can show all of their prices.
    const waits = answers.length < committee.length && now < order.deadline - 2;
    if (agreed === undefined || !isOpen || waits) return;
    const price = voucherPrice(
      agreed.map((each) => each.price),
      order.maxPrice,
    );
    this.#world.witness.noteChecked(order, price);
    this.#keep({ ledger: noteChecked(this.#disk.kept.ledger, order.nonce, price) });
  }

  #pay(): void {
    const { now, signatures, network, random } = this.#world;
    const { consumer, committee } = this.#cast;
    const { ledger } = this.#disk.kept;
    const last = now >= ORDERING_UNTIL + ORDER_SECONDS_MAX + 20 && random() < 0.1;
    const next = consumer === "stingy" || consumer === "choosy" ? undefined : nextVoucher(ledger, { last });
    if (next) this.#keep({ ledger: next.ledger });
    const signed = this.#disk.kept.ledger.signed;
    const voucher = consumer === "grabbing" ? this.#grab() : signed;
    if (!voucher || random() < 0.4) return;
    const shown = consumer === "underpaying" ? { ...voucher, perNode: voucher.perNode / 2n } : voucher;
    signatures.sign(sessionOf(this.#lease), textOf.voucher(shown));
    this.#world.witness.noteVoucher(this.#lease, shown);
    const prices = [...this.#answers.values()].filter(({ size }) => size === committee.length);
    const attestations = prices.flatMap((answers) => [...answers.values()]);
    for (const node of committee) {
      const message = { kind: "voucher", lease: this.#lease, voucher: shown, shown: attestations } as const;
      network.send(nodeOf(node), message, now);
    }
  }

  /** For less than it ordered, over orders that are under way too, or as the last. */
  #grab(): Voucher | undefined {
    const { random, exchange } = this.#world;
    const { ledger } = this.#disk.kept;
    const honest = ledger.signed;
    if (ledger.lastNonce === 0 || random() < 0.5) return honest;
    const { paidPerNode, settled } = exchange.lease(this.#lease);
    const perNode = random() < 0.5 ? (honest?.perNode ?? paidPerNode) : paidPerNode + BigInt(Math.floor(random() * 60));
    const forced = settled.size + (random() < 0.1 ? 1 : 0);
    return { lease: ledger.lease, perNode, upTo: ledger.lastNonce, forced, last: random() < 0.3 };
  }

  /** Written only when something changes. */
  #keep(change: Partial<ConsumerFile>): void {
    const { kept } = this.#disk;
    if (change.ledger && !change.orders && isSame(change.ledger, kept.ledger)) return;
    this.#disk.write({ ...kept, ...change });
  }
}

function isSame(one: PayerLedger, other: PayerLedger): boolean {
  const differs = one.orders.some((order, index) => order.standing !== other.orders[index]?.standing);
  const heads = one.orders.length === other.orders.length && one.cleared.perNode === other.cleared.perNode;
  return (
    heads &&
    !differs &&
    one.forced === other.forced &&
    one.signed === other.signed &&
    one.cleared.upTo === other.cleared.upTo
  );
}
