// Does at the court what this node owes itself and others, from what the store holds alone: a restart at any point goes
// on from there. What to do is the protocol's rule; here it is done.
import { type Hex, keccak256, zeroHash } from "viem";
import { type BlsSecret, blsKeyOf } from "#protocol/bls.ts";
import { gasCost } from "#protocol/clearing-decision.ts";
import { type CourtCosts, type DefenceDecision, decideDefence, SINGLE_CALL_GAS } from "#protocol/court-decision.ts";
import { LIMITS } from "#protocol/limits.ts";
import { compareNodes } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { proveJurorKey } from "#protocol/verdict.ts";
import type { ClearingTerms } from "../config/node-config.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { type ConnectPeer, exchangeAttestations } from "../rescue/exchange-attestations.ts";
import type { PeerBook } from "../rescue/peer-book.ts";
import { heldOf } from "../rescue/take-attestations.ts";
import { Rounds } from "../rounds.ts";
import type { CourtStore, Equivocation } from "../store/court-store.ts";
import type { CourtCall, CourtChain } from "./court-chain.ts";
import { followCourt } from "./follow-court.ts";

export interface CourtParts {
  readonly orders: OrderParts;
  readonly chain: CourtChain;
  readonly store: CourtStore;
  readonly book: Pick<PeerBook, "endpoints">;
  readonly connect: ConnectPeer;
  readonly juror: BlsSecret;
  /** Undefined: the node sends nothing. */
  readonly terms: ClearingTerms | undefined;
}

/** The court's refusals that say that there is nothing left to do. */
const OVER: ReadonlySet<string> = new Set([
  "equivocation-known",
  "nobody-to-punish",
  "appeal-over",
  "nothing-at-stake",
]);

export class CourtDesk implements AsyncDisposable {
  readonly #parts: CourtParts;
  readonly #rounds = new Rounds();
  readonly #restUntil = new Map<string, UnixSeconds>();
  readonly #noted = new Map<Hex, string>();
  #afterDispute: Hex = zeroHash;
  #afterProof: Hex = zeroHash;
  #registered = false;
  #following: Promise<void> = Promise.resolve();

  constructor(parts: CourtParts) {
    this.#parts = parts;
  }

  start(): void {
    const { chain, store, orders } = this.#parts;
    this.#following = followCourt({ chain, store, log: orders.log }, this.#rounds.signal);
    this.#rounds.start({
      look: () => this.#look(),
      pauseMillis: NODE_LIMITS.courtMillis,
      log: orders.log,
      failed: "disputes are not looked at now",
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#rounds.end([this.#following]);
  }

  async #look(): Promise<void> {
    await this.#try("juror", () => this.#register());
    await this.#try("disputes", () => this.#defend());
    await this.#try("equivocations", () => this.#prove());
  }

  /** Does it unless it rests; what fails rests for a while and is tried again. */
  async #try(what: string, action: () => Promise<void>): Promise<void> {
    const { now, log } = this.#parts.orders;
    if (this.#rounds.signal.aborted || (this.#restUntil.get(what) ?? 0) > now()) return;
    try {
      await action();
    } catch (error) {
      const over = error instanceof ProtocolError && OVER.has(error.code);
      this.#rest(what, over ? Number.POSITIVE_INFINITY : NODE_LIMITS.courtRestSeconds);
      if (!this.#rounds.signal.aborted) log.warn({ what, err: error }, "nothing can be done at the court now");
    }
  }

  #rest(what: string, seconds: number): void {
    if (this.#restUntil.size > NODE_LIMITS.rescueNotes) this.#restUntil.clear();
    this.#restUntil.set(what, this.#parts.orders.now() + seconds);
  }

  /** A node with stake may be drawn into a jury, and is silent there until the court knows its key. */
  async #register(): Promise<void> {
    const { chain, juror, orders } = this.#parts;
    if (this.#registered || this.#parts.terms === undefined) return;
    this.#rest("juror", NODE_LIMITS.jurorSeconds);
    if ((await chain.stakeOf(orders.node)) === 0n) return;
    const key = keccak256(blsKeyOf(juror));
    if ((await chain.jurorKey(orders.node)) !== key) {
      const costs = await this.#costs();
      if (costs === undefined || gasCost(SINGLE_CALL_GAS, costs) > costs.courtCost) return;
      const registration = proveJurorKey(juror, await chain.domain(), orders.node);
      await this.#send(`juror:${key}`, { call: "register", registration });
    }
    this.#registered = true;
  }

  /** Looks at the next orders of this node for which somebody was accused. */
  async #defend(): Promise<void> {
    const { orders, store } = this.#parts;
    const graceSeconds = await orders.chain.graceSeconds();
    const from = orders.now() - 4 * graceSeconds;
    const found = store.disputed(this.#afterDispute, from, NODE_LIMITS.courtOrders);
    this.#afterDispute = found.length === NODE_LIMITS.courtOrders ? (found.at(-1)?.order ?? zeroHash) : zeroHash;
    if (found.length === 0) return;
    const costs = await this.#costs();
    for (const { order, lease } of found) {
      await this.#try(order, () => this.#defendOrder(order, lease, graceSeconds, costs));
    }
  }

  async #defendOrder(order: Hex, lease: Hex, graceSeconds: number, costs: CourtCosts | undefined): Promise<void> {
    const { orders, store, book, connect } = this.#parts;
    const { reader, node } = orders;
    const from = orders.now() - 4 * graceSeconds;
    const record = reader.attestedOrders(lease, from, LIMITS.leaseUnclearedOrders).find((each) => each.order === order);
    if (record === undefined) return;
    const { deadline, quorumBps, nodes, resultHash, price } = record;
    const decision = decideDefence({
      ...{ now: orders.now(), deadline, graceSeconds, quorumBps, costs },
      committee: nodes.length,
      rank: nodes.findIndex((member) => compareNodes(member, node) === 0),
      own: { node, resultHash, price },
      others: reader.peerAttestations(order).map(({ message }) => message),
      accused: store.accused(order),
      appealed: store.caseOf(order) !== undefined,
    });
    this.#note(order, decision);
    if (decision.step === "ask") {
      const { signal } = this.#rounds;
      const endpoints = await book.endpoints(lease, order, signal);
      await exchangeAttestations(orders, [order], { endpoints, connect, signal });
      this.#rest(order, NODE_LIMITS.courtRestSeconds);
    } else if (decision.step === "appeal" || decision.step === "punish") {
      await this.#bring(decision.step, order);
    }
  }

  async #bring(call: "appeal" | "punish", order: Hex): Promise<void> {
    const { orders } = this.#parts;
    const submission = orders.reader.work(order)?.submission;
    if (submission === undefined) return;
    const attestations = heldOf(orders, order).toSorted((a, b) => compareNodes(a.message.node, b.message.node));
    const evidence = { terms: submission.lease, order: submission.order, attestations };
    await this.#send(`${call}:${order}`, { call, evidence });
    // An appeal is known by its case from now on, and nobody is punished twice for one order.
    this.#rest(order, call === "punish" ? Number.POSITIVE_INFINITY : NODE_LIMITS.courtRestSeconds);
  }

  async #prove(): Promise<void> {
    const found = this.#parts.store.equivocations(this.#afterProof, NODE_LIMITS.courtOrders);
    this.#afterProof = found.length === NODE_LIMITS.courtOrders ? (found.at(-1)?.order ?? zeroHash) : zeroHash;
    if (found.length === 0) return;
    const costs = await this.#costs();
    if (costs === undefined || gasCost(SINGLE_CALL_GAS, costs) > costs.accusationCost) return;
    for (const each of found) await this.#try(`${each.order}:${each.node}`, () => this.#proveOne(each));
  }

  async #proveOne({ order, node, first, second }: Equivocation): Promise<void> {
    try {
      await this.#send(`equivocation:${order}:${node}`, { call: "equivocation", order, first, second });
    } catch (error) {
      // Somebody was faster.
      if (!(error instanceof ProtocolError && error.code === "equivocation-known")) throw error;
    }
    this.#parts.store.markProven(order, node);
  }

  async #send(key: string, call: CourtCall): Promise<void> {
    const transaction = await this.#parts.chain.send(key, call);
    this.#parts.orders.log.info({ key, call: call.call, transaction }, "called the court");
  }

  async #costs(): Promise<CourtCosts | undefined> {
    const { terms, chain } = this.#parts;
    return terms && { ...terms, gasPrice: await chain.gasPrice() };
  }

  #note(order: Hex, { step, because }: DefenceDecision): void {
    if (this.#noted.get(order) === because) return;
    if (this.#noted.size > NODE_LIMITS.rescueNotes) this.#noted.clear();
    this.#noted.set(order, because);
    this.#parts.orders.log.info({ order, step, because }, "disputed order");
  }
}
