// What a node does for orders that nobody has paid for: the protocol decides, here it is done over its file.
import type { Hex } from "viem";
import { covers } from "#node/rescue/rescue-view.ts";
import type { StandingClaim } from "#node/store/order-record.ts";
import { claimWorkOf } from "#protocol/claim-work.ts";
import { quorumCount } from "#protocol/order.ts";
import { clearable } from "#protocol/payee-ledger.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { decideClaim, decideRescue, dissenters, type RescueDecision, type Said } from "#protocol/rescue-decision.ts";
import type { JobOrder } from "#protocol/signed-messages.ts";
import { type Attestation, GRACE_SECONDS, hexOf, LIE, type Order, pick, TRUTH } from "./cast.ts";
import { heldOf, type Work, withEntry } from "./node-file.ts";
import type { NodeModel } from "./node-model.ts";
import { type ClaimTerms, nodeOf, textOf } from "./signatures.ts";
import type { Simulation } from "./simulation.ts";

interface Weighed {
  readonly order: Order;
  readonly decision: RescueDecision;
}

export class NodeRescue {
  readonly #world: Simulation;
  readonly #node: NodeModel;
  /** Claims that some node did not sign, and orders whose transaction is on its way: in no file. */
  readonly #refused = new Set<string>();
  readonly #sending = new Map<Hex, number>();

  constructor(world: Simulation, node: NodeModel) {
    this.#world = world;
    this.#node = node;
  }

  round(): void {
    const { now } = this.#world;
    const works = [...this.#node.disk.kept.works.values()].filter(({ order, commits }) => {
      const isLive = commits !== undefined && order.deadline + GRACE_SECONDS >= now;
      return isLive && (this.#sending.get(order.id) ?? 0) < now;
    });
    for (const [lease, own] of Map.groupBy(works, ({ order }) => order.lease)) {
      const weighed = own.map((work) => ({ order: work.order, decision: this.#weigh(work) }));
      for (const { order, decision } of weighed) this.#act(order, decision);
      if (weighed.some(({ decision }) => decision.step === "claim")) this.#claim(lease, weighed);
    }
  }

  /** Keeps what another node shows of an order that this one has attested, and shows what it holds itself. */
  exchange(shown: readonly Attestation[], commits: readonly number[] | undefined): readonly Attestation[] {
    const order = this.#node.disk.kept.works.get(shown[0]?.order ?? "0x")?.order;
    if (order === undefined) return [];
    if (commits) this.#node.attestFor(order, commits);
    if (heldOf(this.#node.disk.kept, order.id).length === 0) return [];
    this.#keep(order, shown);
    return this.#shownOf(order);
  }

  /** A colluding node shows now one answer, now the other; or, where it has agreed so with its like, none at all. */
  #shownOf(order: Order): readonly Attestation[] {
    const { random, cast } = this.#world;
    const held = heldOf(this.#node.disk.kept, order.id);
    if (this.#node.part !== "colluding") return held;
    if (cast.withholding) return [];
    return held.map((said) =>
      said.node === this.#node.id ? { ...said, resultHash: pick(random, [TRUTH, LIE]) } : said,
    );
  }

  /** Settles alone, as soon as it can, with no more attestations than it takes. */
  cut(): void {
    const { now, exchange } = this.#world;
    for (const { order, commits } of this.#node.disk.kept.works.values()) {
      const isSending = (this.#sending.get(order.id) ?? 0) >= now;
      if (commits === undefined || now > order.deadline + GRACE_SECONDS || !this.#isUnpaid(order) || isSending)
        continue;
      if (now <= order.deadline - 2) continue;
      this.ask(order);
      const [own, ...others] = heldOf(this.#node.disk.kept, order.id);
      if (own === undefined || now <= order.deadline) continue;
      const alike = others.filter(({ resultHash }) => resultHash === own.resultHash);
      const needed = quorumCount(order.quorumBps, this.#node.committeeOf(order.lease).length);
      if (alike.length + 1 < needed) continue;
      const shown = [own, ...alike.slice(0, needed - 1)].toSorted((a, b) => a.node - b.node);
      this.#sending.set(order.id, now + 2);
      this.#node.submit(`settles order ${order.nonce} of lease ${order.lease} without the others`, () => {
        exchange.settle("settle", nodeOf(this.#node.id), order, shown);
      });
    }
  }

  /** Its signature under the claim of these orders, if it comes to the very same. */
  signClaim(proposed: ClaimTerms): boolean {
    const { now, signatures, witness } = this.#world;
    const { lease, orders } = proposed;
    if (this.#node.part === "refusing") return false;
    if (this.#node.part !== "colluding") {
      const isOpen = ({ deadline }: Order) => now > deadline && now <= deadline + GRACE_SECONDS;
      if (!this.#node.sight.facts(lease).open || !orders.every((order) => isOpen(order) && this.#isUnpaid(order)))
        return false;
      const own = this.#claimOf(orders);
      if (own === undefined || textOf.claim(own) !== textOf.claim(proposed)) return false;
      if (!this.#keepClaim(own)) return false;
      witness.noteClaim(this.#node.id, own);
    }
    signatures.sign(nodeOf(this.#node.id), textOf.claim(proposed));
    this.#node.disk.pass("after a claim is signed");
    return true;
  }

  /** Nothing that it signed is voided by it, and no order is in two claims. */
  #keepClaim({ lease, orders, ...terms }: ClaimTerms): boolean {
    const { now } = this.#world;
    const { disk, sight } = this.#node;
    const claim = textOf.claim({ lease, orders, ...terms }) as Hex;
    const standing = sight.standingClaims(lease);
    if (standing.some((each) => each.claim === claim)) return true;
    const isTaken = standing.some((each) => each.orders.some(({ nonce }) => orders.some((own) => own.nonce === nonce)));
    const isPaying = clearable(sight.ledger(lease)) > 0n || (disk.kept.clearings.get(lease) ?? 0) >= now;
    if (isTaken || isPaying) return false;
    const members = orders.map(({ id, nonce }) => ({ order: id, nonce }));
    const until = Math.min(...orders.map(({ deadline }) => deadline)) + GRACE_SECONDS;
    this.#node.write("a claim", { claims: [...disk.kept.claims, { lease, claim, orders: members, until }] });
    return true;
  }

  #isUnpaid(order: Order): boolean {
    const work = this.#node.disk.kept.works.get(order.id);
    const { upTo } = this.#node.sight.facts(order.lease);
    return work?.commits !== undefined && !this.#node.sight.isSettled(order) && order.nonce > upTo;
  }

  #weigh({ order, attestedAt }: Work): RescueDecision {
    const { now } = this.#world;
    const { costs } = this.#world.cast;
    const { disk, sight, id } = this.#node;
    const { lease, nonce, deadline, maxPrice, forceFee, quorumBps } = order;
    const [own, ...others] = heldOf(disk.kept, order.id).map(saidOf) as [Said, ...Said[]];
    const facts = sight.facts(lease);
    const claim = this.#claimWith(order);
    const held = disk.kept.vouchers.get(lease);
    const committee = this.#node.committeeOf(lease);
    const until = deadline + 4 * GRACE_SECONDS;
    const dissenting = dissenters({ own, others }).map(({ node }) => Number(node));
    return decideRescue({
      ...{ now, attestedAt, deadline, maxPrice, forceFee, quorumBps, own, others, costs },
      graceSeconds: GRACE_SECONDS,
      committee: committee.length,
      rank: committee.indexOf(id),
      paid: sight.isSettled(order) || !facts.open || nonce <= facts.upTo,
      covered: held !== undefined && covers(held, facts, nonce),
      claimed: claim !== undefined,
      claimRefused: claim !== undefined && this.#refused.has(claim.claim),
      dissentersAccused: dissenting.length > 0 && this.#areAccused(order, dissenting, until),
    });
  }

  #areAccused({ id, lease }: Order, nodes: readonly number[], until: number): boolean {
    const { court, cast, exchange } = this.#world;
    if (cast.leases[lease]?.drawn) return nodes.every((node) => court.accused.get(id)?.has(node));
    return nodes.every((node) => exchange.stakes.of(node).frozenUntil >= until);
  }

  #act(order: Order, { step }: RescueDecision): void {
    const { exchange, court, now } = this.#world;
    if (step === "ask") this.ask(order);
    if (step !== "settle" && step !== "adjudicate" && step !== "accuse") return;
    const shown = heldOf(this.#node.disk.kept, order.id).toSorted((a, b) => a.node - b.node);
    this.#sending.set(order.id, now + 2);
    const sender = nodeOf(this.#node.id);
    this.#node.submit(`${step}s order ${order.nonce} of lease ${order.lease}`, () => {
      if (step === "accuse") court.accuse(order, shown);
      else exchange.settle(step, sender, order, shown);
    });
  }

  /** Of an order only to who has fixed its own result. */
  ask(order: Order): void {
    const { id, disk } = this.#node;
    for (const node of this.#node.committeeOf(order.lease)) {
      if (node === id) continue;
      const held = heldOf(disk.kept, order.id);
      const itsOwn = held.some((said) => said.node === node);
      const commits = disk.kept.works.get(order.id)?.commits ?? [];
      if (!itsOwn && !commits.includes(node)) continue;
      const answer = this.#world.ask(id, node, (other) => other.rescue.exchange(held, itsOwn ? undefined : commits));
      if (answer) this.#keep(order, answer);
    }
  }

  /** The first that each node signed is kept. */
  #keep(order: Order, shown: readonly Attestation[]): void {
    const { signatures } = this.#world;
    const { disk, id } = this.#node;
    const held = disk.kept.peers.get(order.id) ?? new Map<number, Attestation>();
    const valid = shown.filter((each) => {
      const isSigned = signatures.isBy(nodeOf(each.node), textOf.attestation(each));
      return each.node !== id && each.order === order.id && isSigned;
    });
    const twice = valid.flatMap((second) => {
      const first = held.get(second.node);
      const isKnown = disk.kept.equivocations.some((each) => each.first === first);
      return first && first.resultHash !== second.resultHash && !isKnown ? [{ first, second }] : [];
    });
    if (twice.length > 0) {
      this.#node.write("two attestations", { equivocations: [...disk.kept.equivocations, ...twice] });
    }
    const fresh = valid.filter(({ node }) => !held.has(node));
    if (fresh.length === 0) return;
    const peers = new Map([...held, ...fresh.map((each) => [each.node, each] as const)]);
    this.#node.write("others' attestations", { peers: withEntry(disk.kept.peers, order.id, peers) });
  }

  #claimWith(order: Order): StandingClaim | undefined {
    const standing = this.#node.sight.standingClaims(order.lease);
    return standing.find(({ orders }) => orders.some((each) => each.order === order.id));
  }

  /** Proposes what it has signed already, and a new claim of all orders that are in none. */
  #claim(lease: number, weighed: readonly Weighed[]): void {
    const claiming = weighed.filter(({ decision }) => decision.step === "claim").map(({ order }) => order);
    const standing = this.#node.sight.standingClaims(lease);
    const known = new Map(claiming.map((order) => [order.id, order]));
    const isComing = ({ decision: { step, because } }: Weighed) =>
      step === "ask" || (step === "wait" && because !== "a voucher covers it");
    const free = claiming.filter(({ id }) => !standing.some(({ orders }) => orders.some(({ order }) => order === id)));
    for (const { orders } of standing) {
      const own = orders.flatMap(({ order }) => known.get(order) ?? []);
      if (own.length === orders.length) this.#propose(lease, own, false);
    }
    if (free.length > 0) this.#propose(lease, free, weighed.some(isComing));
  }

  #propose(lease: number, orders: readonly Order[], moreFollow: boolean): void {
    const { now, exchange } = this.#world;
    const { id } = this.#node;
    const own = this.#claimOf(orders);
    if (own === undefined) return;
    const committee = this.#node.committeeOf(lease);
    const place = { committee: committee.length, rank: committee.indexOf(id) };
    const question = { now, graceSeconds: GRACE_SECONDS, ...place, orders, perNode: own.perNode, moreFollow };
    if (decideClaim({ ...question, costs: this.#world.cast.costs }) !== "claim") return;
    for (const order of orders) this.ask(order);
    const isSigned = committee.map(
      (node) => this.#world.ask(id, node, (other) => other.rescue.signClaim(own)) === true,
    );
    if (!isSigned.every(Boolean)) {
      this.#refused.add(textOf.claim(own));
      return;
    }
    this.#refused.delete(textOf.claim(own));
    for (const order of orders) this.#sending.set(order.id, now + 2);
    this.#world.noteClaim(own);
    this.#node.submit(`claims ${orders.length} orders of lease ${lease}`, () => exchange.claim(nodeOf(id), own));
  }

  /** As this node comes to it; undefined when the committee's word is not all here and alike. */
  #claimOf(orders: readonly Order[]): ClaimTerms | undefined {
    const { disk } = this.#node;
    const lease = orders[0]?.lease ?? 0;
    const byNonce = orders.toSorted((a, b) => a.nonce - b.nonce);
    const agreed = byNonce.map((order) => ({
      id: order.id,
      order: { ...order, lease: hexOf(32, order.lease), jobs: "0x" } satisfies JobOrder as JobOrder,
      said: heldOf(disk.kept, order.id).map(saidOf),
    }));
    const committee = this.#node.committeeOf(lease).length;
    try {
      const { receiptsRoot, perNode } = claimWorkOf(agreed, committee);
      return { lease, orders: byNonce, receiptsRoot, perNode };
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }
}

/** Attestations never change, and each is weighed often. */
const known = new WeakMap<Attestation, Said>();

export function saidOf(attestation: Attestation): Said {
  const { node, resultHash, price } = attestation;
  const said = known.get(attestation) ?? { node: hexOf(20, node) as Said["node"], resultHash, price };
  known.set(attestation, said);
  return said;
}
