// Gets the node's money where a consumer is silent or a committee disagrees, from what the store holds alone: a restart
// at any point goes on from there. What to do is the protocol's rule; here it is done.
import { type Hex, zeroHash } from "viem";
import { LIMITS } from "#protocol/limits.ts";
import { compareNodes } from "#protocol/order.ts";
import { claimPublicationBytes, forcingPublicationBytes } from "#protocol/publication-decision.ts";
import {
  decideClaim,
  decideRescue,
  quietUntil,
  type RescueCosts,
  type RescueDecision,
  type RescueQuestion,
  type RescueStep,
} from "#protocol/rescue-decision.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import type { ClearingTerms } from "../config/node-config.ts";
import type { CourtChain } from "../court/court-chain.ts";
import { NODE_LIMITS } from "../limits.ts";
import { noteSettled } from "../orders/accept-order.ts";
import type { RescueChain } from "../orders/chain-view.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { Rounds } from "../rounds.ts";
import type { AttestedOrder } from "../store/order-record.ts";
import { type ConnectPeer, exchangeAttestations, type Peers } from "./exchange-attestations.ts";
import { gatherClaim } from "./gather-claim.ts";
import type { PeerBook } from "./peer-book.ts";
import { rowsToPublish } from "./publish-results.ts";
import { type LeaseView, questionOf } from "./rescue-view.ts";
import { claimOfOrders } from "./sign-claim.ts";
import { heldOf } from "./take-attestations.ts";

export interface RescueParts {
  readonly orders: OrderParts;
  readonly chain: RescueChain;
  readonly book: PeerBook;
  readonly connect: ConnectPeer;
  readonly court: {
    readonly chain: Pick<CourtChain, "isDrawn">;
    /** Who was accused for the order, as far as the chain's events are known here. */
    readonly accused: (order: Hex) => readonly NodeId[];
  };
  /** Undefined: the node speaks with the others and sends nothing. */
  readonly terms: ClearingTerms | undefined;
}

/** One order and what to do for it. */
interface Weighed {
  readonly order: AttestedOrder;
  readonly question: RescueQuestion;
  readonly decision: RescueDecision;
}

/** Where nothing changes soon, so that the lease may rest. */
const RESTING: ReadonlySet<RescueDecision["because"]> = new Set([
  "paid",
  "too late",
  "a voucher covers it",
  "the others are the quorum",
  "there is no quorum",
  "the gas costs too much",
  "the node pays for no gas",
]);

export class RescueDesk implements AsyncDisposable {
  readonly #parts: RescueParts;
  readonly #rounds = new Rounds();
  /** Orders whose transaction is on its way. */
  readonly #sending = new Set<Hex>();
  readonly #sent = new Set<Promise<void>>();
  readonly #refused = new Set<Hex>();
  readonly #restUntil = new Map<Hex, UnixSeconds>();
  /** What the log said of each order last. */
  readonly #noted = new Map<Hex, string>();
  #after: Hex = zeroHash;

  constructor(parts: RescueParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#rounds.start({
      look: () => this.#look(),
      pauseMillis: NODE_LIMITS.rescueMillis,
      log: this.#parts.orders.log,
      failed: "unpaid orders are not looked at now",
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#rounds.end(this.#sent);
  }

  /** One look at the next leases; at the end it begins anew. */
  async #look(): Promise<void> {
    const { orders, terms, chain } = this.#parts;
    const graceSeconds = await orders.chain.graceSeconds();
    const leases = orders.reader.leasesToRescue(this.#after, orders.now() - graceSeconds, NODE_LIMITS.rescueLeases);
    this.#after = leases.length === NODE_LIMITS.rescueLeases ? (leases.at(-1) ?? zeroHash) : zeroHash;
    if (leases.length === 0) return;
    const costs = terms && { ...terms, gasPrice: await chain.gasPrice() };
    const looks = leases.map(async (lease) => {
      try {
        await this.#rescue(lease, graceSeconds, costs);
      } catch (error) {
        this.#rest(lease, graceSeconds / 16);
        if (!this.#rounds.signal.aborted)
          orders.log.warn({ lease, err: error }, "nothing can be done for this lease now");
      }
    });
    await Promise.all(looks);
  }

  async #rescue(lease: Hex, graceSeconds: number, costs: RescueCosts | undefined): Promise<void> {
    const { reader, now } = this.#parts.orders;
    if ((this.#restUntil.get(lease) ?? 0) > now()) return;
    const all = reader.attestedOrders(lease, now() - graceSeconds, LIMITS.leaseUnclearedOrders);
    if (!all.some((order) => now() >= quietUntil(order))) return;
    const view = await this.#viewOf(lease, graceSeconds, costs);
    const orders = reader
      .attestedOrders(lease, now() - graceSeconds, LIMITS.leaseUnclearedOrders)
      .filter(({ order }) => !this.#sending.has(order));
    const weighed: Weighed[] = [];
    for (const order of orders) {
      const question = await questionOf(this.#parts.orders, order, view, (attested, nodes, until) =>
        this.#isAccused(lease, attested, nodes, until),
      );
      weighed.push({ order, question, decision: decideRescue(question) });
    }
    this.#note(weighed);
    if (weighed.every(({ decision }) => RESTING.has(decision.because))) this.#rest(lease, graceSeconds / 16);
    const asking = weighed.filter(({ decision }) => decision.step === "ask").map(({ order }) => order);
    // Who has not answered for long is asked more seldom.
    if (asking.length > 0) this.#rest(lease, Math.max(0, now() - Math.max(...asking.map(quietUntil))) / 8);
    await this.#act(lease, weighed, view);
  }

  async #viewOf(lease: Hex, graceSeconds: number, costs: RescueCosts | undefined): Promise<LeaseView> {
    const { orders } = this.#parts;
    const { reader, writer, chain } = orders;
    await noteSettled(orders, lease, graceSeconds);
    const facts = await chain.readLease(lease);
    if (facts) writer.markCovered(lease, facts.upTo);
    const now = orders.now();
    const claims = reader.standingClaims(lease, now);
    const held = reader.voucher(lease)?.voucher.message;
    return { facts, graceSeconds, now, held, claims, refused: this.#refused, costs };
  }

  async #act(lease: Hex, weighed: readonly Weighed[], view: LeaseView): Promise<void> {
    const wanting = (step: RescueStep) => weighed.filter(({ decision }) => decision.step === step);
    const [asking, claiming] = [wanting("ask"), wanting("claim")];
    for (const call of ["settle", "adjudicate", "accuse"] as const) {
      for (const { order, question } of wanting(call))
        this.#send(lease, [order.order], call, () => this.#force(lease, call, order, question));
    }
    const [first] = [...asking, ...claiming];
    if (first === undefined) return;
    const { signal } = this.#rounds;
    const endpoints = await this.#parts.book.endpoints(lease, first.order.order, signal);
    const peers: Peers = { endpoints, connect: this.#parts.connect, signal };
    await exchangeAttestations(
      this.#parts.orders,
      asking.map(({ order }) => order.order),
      peers,
    );
    if (claiming.length > 0) await this.#claim(lease, weighed, view, peers);
  }

  /** Proposes the claim that the node has signed already, or a new one of all orders that are in none. */
  async #claim(lease: Hex, weighed: readonly Weighed[], view: LeaseView, peers: Peers): Promise<void> {
    const claiming = weighed.filter(({ decision }) => decision.step === "claim").map(({ order }) => order);
    const known = new Map(claiming.map((order) => [order.order, order]));
    const standing = view.claims.map(({ orders }) => orders.flatMap(({ order }) => known.get(order) ?? []));
    const claimed = new Set(view.claims.flatMap(({ orders }) => orders.map(({ order }) => order)));
    const free = claiming.filter(({ order }) => !claimed.has(order)).slice(0, LIMITS.claimOrders);
    const whole = standing.filter((orders, index) => orders.length === view.claims[index]?.orders.length);
    const isComing = ({ decision: { step, because } }: Weighed) =>
      step === "ask" || (step === "wait" && because !== "a voucher covers it");
    const moreFollow = weighed.some(isComing) || this.#parts.orders.reader.countLive(lease) > 0;
    for (const orders of whole) await this.#propose(lease, orders, { view, peers, moreFollow: false });
    if (free.length > 0) await this.#propose(lease, free, { view, peers, moreFollow });
  }

  async #propose(
    lease: Hex,
    claimed: readonly AttestedOrder[],
    { view, peers, moreFollow }: { view: LeaseView; peers: Peers; moreFollow: boolean },
  ): Promise<void> {
    const { orders, chain } = this.#parts;
    const { graceSeconds, now, costs } = view;
    const nodes = claimed[0]?.nodes ?? [];
    const rank = nodes.findIndex((member) => compareNodes(member, orders.node) === 0);
    const ids = claimed.map(({ order }) => order);
    const own = claimOfOrders(orders, ids);
    const { perNode } = own.claim;
    const committee = nodes.length;
    const question = { now, graceSeconds, committee, rank, orders: claimed, perNode, moreFollow, costs };
    const decision = decideClaim(question);
    if (decision !== "claim") return this.#noteClaim(own.id, ids, decision);
    // A node signs only for what the whole committee has shown it.
    await exchangeAttestations(orders, ids, peers);
    const signatures = await gatherClaim(orders, own, ids, peers);
    if (signatures === undefined) {
      if (this.#refused.size > NODE_LIMITS.rescueNotes) this.#refused.clear();
      this.#refused.add(own.id);
      this.#rest(lease, graceSeconds / 16);
      return this.#noteClaim(own.id, ids, "a node does not sign");
    }
    this.#refused.delete(own.id);
    this.#send(lease, ids, "claim", async () => {
      const byNonce = claimed.toSorted((a, b) => a.nonce - b.nonce);
      const published = await rowsToPublish(orders, byNonce, claimPublicationBytes(question));
      return chain.claim(own.id, own.terms, own, signatures, published);
    });
  }

  /** Sends one call and goes on with other orders meanwhile. */
  #send(lease: Hex, orders: readonly Hex[], call: string, send: () => Promise<Hex | undefined>): void {
    const { log, writer } = this.#parts.orders;
    for (const order of orders) this.#sending.add(order);
    const sent = (async () => {
      try {
        const transaction = await send();
        if (call !== "accuse") writer.markSettled(orders);
        if (transaction !== undefined) log.info({ lease, orders, call, transaction }, "orders rescued");
      } catch (error) {
        if (!this.#rounds.signal.aborted) log.warn({ lease, orders, call, err: error }, "orders are not rescued now");
        this.#rest(lease, NODE_LIMITS.rescueRestSeconds);
      } finally {
        for (const order of orders) this.#sending.delete(order);
      }
    })();
    this.#sent.add(sent);
    void sent.finally(() => this.#sent.delete(sent));
  }

  async #force(
    lease: Hex,
    call: "settle" | "adjudicate" | "accuse",
    attested: AttestedOrder,
    question: RescueQuestion,
  ): Promise<Hex | undefined> {
    const { orders, chain } = this.#parts;
    const { order, nonce } = attested;
    // Somebody may have been faster, and then nothing is to be sent.
    if (call !== "accuse" && (await orders.chain.isOrderSettled(lease, nonce))) return undefined;
    const submission = orders.reader.work(order)?.submission;
    if (submission === undefined) return undefined;
    const attestations = heldOf(orders, order).toSorted((a, b) => compareNodes(a.message.node, b.message.node));
    const evidence = { terms: submission.lease, order: submission.order, attestations };
    if (call === "accuse") return chain.force(call, order, evidence);
    const published = await rowsToPublish(orders, [attested], forcingPublicationBytes(question));
    return chain.force(call, order, evidence, published);
  }

  /** A freeze is enough where nobody can be punished anyway. */
  async #isAccused(
    lease: Hex,
    { order }: AttestedOrder,
    nodes: readonly NodeId[],
    until: UnixSeconds,
  ): Promise<boolean> {
    const { chain, accused } = this.#parts.court;
    if (await chain.isDrawn(lease)) {
      const known = accused(order);
      return nodes.every((node) => known.includes(node));
    }
    const frozen = await Promise.all(nodes.map((node) => this.#parts.chain.frozenUntil(node)));
    return frozen.every((each) => each >= until);
  }

  #rest(lease: Hex, seconds: number): void {
    if (this.#restUntil.size > NODE_LIMITS.rescueNotes) this.#restUntil.clear();
    this.#restUntil.set(lease, this.#parts.orders.now() + Math.min(NODE_LIMITS.rescueRestSeconds, seconds));
  }

  #note(weighed: readonly Weighed[]): void {
    for (const { order, decision } of weighed) {
      const { step, because } = decision;
      if (this.#isNews(order.order, because)) {
        this.#parts.orders.log.info({ order: order.order, step, because }, "unpaid order");
      }
    }
  }

  #noteClaim(claim: Hex, orders: readonly Hex[], because: string): void {
    if (this.#isNews(claim, because)) {
      this.#parts.orders.log.info({ claim, orders: orders.length, because }, "claim waits");
    }
  }

  #isNews(id: Hex, because: string): boolean {
    if (this.#noted.get(id) === because) return false;
    if (this.#noted.size > NODE_LIMITS.rescueNotes) this.#noted.clear();
    this.#noted.set(id, because);
    return true;
  }
}
