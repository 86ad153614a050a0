// A consumer over its own ledger: what it orders, checks and signs.
import { quorumCount } from "#protocol/order.ts";
import { nextVoucher, noteChain, noteChecked, noteOrder, noteTime, type PayerLedger } from "#protocol/payer-ledger.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import { voucherPrice } from "#protocol/voucher-price.ts";
import {
  type Attestation,
  CALM_ORDERING_UNTIL,
  CAP,
  FORCE_FEE,
  GRACE_SECONDS,
  hexOf,
  LAST_VOUCHER_FROM,
  type LeaseCast,
  ORDERING_UNTIL,
  type Order,
  SLOW_ORDER_SECONDS,
  SLOW_ORDERING_UNTIL,
  SLOW_VOUCHER_SECONDS,
} from "./cast.ts";
import type { Disk } from "./disk.ts";
import { grabbedVoucher } from "./grabbed-voucher.ts";
import { nodeOf, sessionOf, textOf } from "./signatures.ts";
import type { Simulation } from "./simulation.ts";
import type { Message } from "./unreliable-network.ts";

/** A consumer's file. */
export interface ConsumerFile {
  readonly ledger: PayerLedger;
  readonly orders: readonly Order[];
  /** Of orders that it settles, what it shows; stored before it sends anything. */
  readonly answers: ReadonlyMap<string, readonly Attestation[]>;
}

export class ConsumerModel {
  readonly #world: Simulation;
  readonly #lease: number;
  readonly #cast: LeaseCast;
  readonly #disk: Disk<ConsumerFile>;
  readonly #committed = new Map<string, Set<number>>();
  readonly #answers = new Map<string, Map<number, Attestation>>();
  readonly #sending = new Map<string, number>();

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

  get #isSlow(): boolean {
    return this.#world.cast.orderSeconds === SLOW_ORDER_SECONDS;
  }

  get #orderingUntil(): number {
    if (this.#world.cast.kind === "any") return ORDERING_UNTIL;
    return this.#isSlow ? SLOW_ORDERING_UNTIL : CALM_ORDERING_UNTIL;
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
    if (now < this.#orderingUntil && random() < 0.25) this.#order();
    for (const order of this.#disk.kept.orders) if (now <= order.deadline) this.#tend(order);
    if (this.#cast.consumer === "settling") this.#settle();
    else this.#pay();
  }

  /** A count that was read before the orders is torn, and read again in the next moment. */
  #read(): void {
    const { now, exchange, random } = this.#world;
    const { paidPerNode, upTo, settled } = exchange.lease(this.#lease);
    const named = [...settled.keys()].filter((nonce) => nonce > upTo && random() < 0.98);
    try {
      const reading = { paidPerNode, upTo, forced: settled.size, settled: named };
      this.#keep("a reading", { ledger: noteChain(noteTime(this.#disk.kept.ledger, now), reading) });
    } catch (error) {
      if (!(error instanceof ProtocolError && error.code === "lease-reading-torn")) throw error;
    }
  }

  #order(): void {
    const { now, random } = this.#world;
    const { ledger, orders } = this.#disk.kept;
    const nonce = ledger.lastNonce + 1;
    const deadline = now + this.#world.cast.orderSeconds;
    const { quorumBps } = this.#cast;
    const id = hexOf(32, this.#lease + 1, nonce, 1 + Math.floor(random() * 2 ** 31));
    const order = { id, lease: this.#lease, nonce, maxPrice: CAP, forceFee: FORCE_FEE, quorumBps, deadline };
    try {
      const noted = noteOrder(ledger, { nonce, maxPrice: CAP, forcibleUntil: deadline + GRACE_SECONDS });
      this.#keep("an order", { ledger: noted, orders: [...orders, order] });
      this.#sign(order);
    } catch (error) {
      if (!(error instanceof ProtocolError && error.code === "lease-ended")) throw error;
    }
  }

  /** After a crash once more: it was written before. */
  #sign(order: Order): void {
    this.#world.signatures.sign(sessionOf(this.#lease), textOf.order(order));
    this.#world.witness.noteOrder(order);
    this.#disk.pass("after an order is signed");
  }

  /** Says again whatever an order still wants. */
  #tend(order: Order): void {
    const { now, network } = this.#world;
    const { committee, consumer } = this.#cast;
    if (this.#world.cast.kind === "stuck" && order.nonce === 1) return;
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
    this.#world.witness.noteChecked(order, price, agreed);
    const shown = answers.toSorted((a, b) => a.node - b.node);
    this.#keep("a checked answer", {
      ledger: noteChecked(this.#disk.kept.ledger, order.nonce, price),
      answers: new Map([...this.#disk.kept.answers, [order.id, shown]]),
    });
  }

  /** Now and then long before the lease is over. */
  #wantsLast(): boolean {
    const { now, random, cast } = this.#world;
    if (cast.kind === "waiting") return false;
    if (cast.kind !== "any") return now >= CALM_ORDERING_UNTIL;
    return random() < (now >= LAST_VOUCHER_FROM ? 0.1 : 0.01);
  }

  /** Each checked order, by what is stored, until the exchange has it: in time with everybody's word, else after it. */
  #settle(): void {
    const { now, exchange } = this.#world;
    const { committee } = this.#cast;
    for (const order of this.#disk.kept.orders) {
      const shown = this.#disk.kept.answers.get(order.id);
      const isOver = now > order.deadline + GRACE_SECONDS || exchange.lease(this.#lease).settled.has(order.nonce);
      const isEarly = shown !== undefined && now <= order.deadline && shown.length < committee.length;
      if (shown === undefined || isOver || isEarly || (this.#sending.get(order.id) ?? 0) >= now) continue;
      this.#sending.set(order.id, now + 2);
      this.#world.submit(`its consumer settles order ${order.nonce} of lease ${this.#lease}`, () => {
        exchange.settle("settle", `consumer ${this.#lease}`, order, shown);
      });
      this.#disk.pass("after a call is sent");
    }
  }

  /** Everybody's signature under the clearing that ends the lease, which pays none of the nodes. */
  #close(voucher: Voucher): void {
    const { now, exchange } = this.#world;
    if (exchange.lease(this.#lease).closed) return;
    const clearing = { entries: [{ lease: this.#lease, voucher }], validUntil: now + 3 };
    for (const node of this.#cast.committee) this.#world.ask(undefined, node, (other) => other.coSign(clearing));
    this.#world.submit(`its consumer ends lease ${this.#lease}`, () => exchange.clear(clearing));
  }

  #pay(): void {
    const { now, signatures, network, random } = this.#world;
    const { consumer, committee } = this.#cast;
    const { ledger } = this.#disk.kept;
    const isCalm = this.#world.cast.kind !== "any";
    const last = this.#wantsLast();
    const next = consumer === "stingy" || consumer === "choosy" ? undefined : nextVoucher(ledger, { last });
    if (next) this.#keep("a voucher", { ledger: next.ledger });
    const signed = this.#disk.kept.ledger.signed;
    if (signed?.last && consumer !== "grabbing" && random() < 0.3) this.#close(signed);
    const voucher = consumer === "grabbing" ? grabbedVoucher(this.#world, this.#lease, ledger) : signed;
    const isResting = isCalm ? this.#isSlow && now % SLOW_VOUCHER_SECONDS !== 0 : random() < 0.4;
    if (!voucher || isResting) return;
    const shown = consumer === "underpaying" ? { ...voucher, perNode: voucher.perNode / 2n } : voucher;
    signatures.sign(sessionOf(this.#lease), textOf.voucher(shown));
    this.#world.witness.noteVoucher(this.#lease, shown);
    this.#disk.pass("after a voucher is signed");
    const prices = [...this.#answers.values()].filter(({ size }) => size === committee.length);
    const attestations = prices.flatMap((answers) => [...answers.values()]);
    for (const node of committee) {
      const message = { kind: "voucher", lease: this.#lease, voucher: shown, shown: attestations } as const;
      network.send(nodeOf(node), message, now);
    }
  }

  /** Written only when something changes. */
  #keep(step: string, change: Partial<ConsumerFile>): void {
    const { kept } = this.#disk;
    if (change.ledger && !change.orders && isSame(change.ledger, kept.ledger)) return;
    this.#disk.write(step, { ...kept, ...change });
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
