// A node over its own file: what it serves and attests, which vouchers it takes, and which clearings it sends and signs.

import { claimVoidedBy } from "#node/rescue/voided-claim.ts";
import { decideClearing, leaseCost } from "#protocol/clearing-decision.ts";
import { commitUntil, quorumCount } from "#protocol/order.ts";
import { clearable, clearBy, refuseToServe, refuseVoucher } from "#protocol/payee-ledger.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import {
  type Attestation,
  errorOf,
  GRACE_SECONDS,
  LEASE_EXPIRY,
  LIE,
  type NodePart,
  type Order,
  TRUTH,
} from "./cast.ts";
import type { Disk } from "./disk.ts";
import { NodeCourt } from "./node-court.ts";
import { heldOf, type NodeFile, NodeSight, withEntry } from "./node-file.ts";
import { NodeRescue } from "./node-rescue.ts";
import { type Clearing, nodeOf, sessionOf, textOf } from "./signatures.ts";
import type { Simulation } from "./simulation.ts";
import type { Message } from "./unreliable-network.ts";

const CLEARING_SECONDS = 4;
const CLEARING_MARGIN_SECONDS = 20;
const RUN_SECONDS = 2;

export class NodeModel {
  readonly #world: Simulation;
  readonly id: number;
  readonly part: NodePart;
  readonly disk: Disk<NodeFile>;
  readonly sight: NodeSight;
  readonly rescue: NodeRescue;
  readonly court: NodeCourt;
  /** When each running order is done: in no file. */
  readonly #doneAt = new Map<string, number>();

  constructor(world: Simulation, id: number, disk: Disk<NodeFile>) {
    this.#world = world;
    this.id = id;
    this.part = world.cast.nodes[id] as NodePart;
    this.disk = disk;
    this.sight = new NodeSight(() => disk.kept, world.exchange, world.cast);
    this.rescue = new NodeRescue(world, this);
    this.court = new NodeCourt(world, this);
    // What it may have been about to sign when it crashed.
    for (const { result, commits } of disk.kept.works.values()) if (result && commits) this.#sign(result);
  }

  get isAlive(): boolean {
    return this.part !== "idle" && !(this.part === "dead" && this.#world.now >= this.#world.cast.silentFrom);
  }

  get seats(): readonly number[] {
    return [...this.#world.cast.leases.keys()].filter((lease) => this.committeeOf(lease).includes(this.id));
  }

  committeeOf(lease: number): readonly number[] {
    return this.#world.cast.leases[lease]?.committee ?? [];
  }

  write(step: string, change: Partial<NodeFile>): void {
    this.disk.write(step, { ...this.disk.kept, ...change });
  }

  /** Sends a call; a crash right after it takes no more than what the node knew. */
  submit(what: string, call: () => void): void {
    this.#world.submit(`${nodeOf(this.id)} ${what}`, call);
    this.disk.pass("after a call is sent");
  }

  /** What it shows a jury. */
  evidenceOf(order: Order["id"]): readonly Attestation[] {
    return this.isAlive ? heldOf(this.disk.kept, order) : [];
  }

  take(message: Message): void {
    if (message.kind === "order") this.#accept(message.order);
    if (message.kind === "commitments") this.attestFor(message.order, message.nodes);
    if (message.kind === "voucher") this.#takeVoucher(message.lease, message.voucher, message.shown);
  }

  act(): void {
    const { now, network, random } = this.#world;
    for (const { order, result, commits } of this.disk.kept.works.values()) {
      if (now > order.deadline + 2) continue;
      if (result === undefined && now <= order.deadline) this.#run(order);
      const consumer = sessionOf(order.lease);
      if (result && now <= order.deadline) network.send(consumer, { kind: "commitment", from: this.id, order }, now);
      if (result && commits) network.send(consumer, { kind: "answer", order, attestation: result }, now);
    }
    if (this.part === "refusing") this.rescue.cut();
    if (this.part === "colluding" || this.part === "refusing") return;
    const isCalm = this.#world.cast.kind !== "any";
    if (isCalm || random() < 0.6) this.#clear();
    if (isCalm || random() < 0.8) this.rescue.round();
    if (random() < 0.3) this.court.round();
  }

  /** Attests once its own commitment is shown with everybody's, or late with a quorum's. */
  attestFor(order: Order, commits: readonly number[]): void {
    const { now } = this.#world;
    const work = this.disk.kept.works.get(order.id);
    if (!work?.result || work.commits || now > order.deadline || !commits.includes(this.id)) return;
    const { length } = this.committeeOf(order.lease);
    const isEnough = now > commitUntil(order) && commits.length >= quorumCount(order.quorumBps, length);
    if (commits.length < length && !isEnough) return;
    const works = withEntry(this.disk.kept.works, order.id, { ...work, commits, attestedAt: now });
    this.write("an attestation", { works });
    this.#sign(work.result);
    this.disk.pass("after an attestation is signed");
  }

  /** Its signature under a clearing: for what it holds and nothing else. */
  coSign(clearing: Clearing): boolean {
    const { now, signatures, witness } = this.#world;
    const own = clearing.entries.filter(({ lease }) => this.committeeOf(lease).includes(this.id));
    if (this.part === "refusing" || own.length === 0) return false;
    if (this.part !== "colluding") {
      if (clearing.validUntil <= now || clearing.validUntil > now + CLEARING_SECONDS) return false;
      for (const { lease, voucher } of own) {
        const held = this.disk.kept.vouchers.get(lease);
        const reader = { standingClaims: () => this.sight.standingClaims(lease) };
        if (!held || textOf.voucher(held) !== textOf.voucher(voucher)) return false;
        if (claimVoidedBy(reader, voucher, now)) return false;
      }
      const until = (lease: number) => Math.max(this.disk.kept.clearings.get(lease) ?? 0, clearing.validUntil);
      this.write("a clearing", {
        clearings: new Map([...this.disk.kept.clearings, ...own.map(({ lease }) => [lease, until(lease)] as const)]),
      });
      witness.noteClearing(this.id, clearing);
    }
    signatures.sign(nodeOf(this.id), textOf.clearing(clearing));
    this.disk.pass("after a clearing is signed");
    return true;
  }

  #accept(order: Order): void {
    const { now } = this.#world;
    const { works } = this.disk.kept;
    if (works.has(order.id) || now + RUN_SECONDS + 4 > order.deadline) return;
    if (refuseToServe(this.sight.ledger(order.lease), order.nonce, this.#world.cast.credit) !== undefined) return;
    if (this.part !== "colluding") this.#world.witness.noteAccepted(this, order);
    this.write("an order", { works: withEntry(works, order.id, { order, attestedAt: 0 }) });
  }

  /** What runs twice may come out at another price: only what is stored is signed. */
  #run(order: Order): void {
    const { now, random } = this.#world;
    const doneAt = this.#doneAt.get(order.id) ?? now + Math.floor(random() * (RUN_SECONDS + 1));
    this.#doneAt.set(order.id, doneAt);
    if (now < doneAt) return;
    const resultHash = this.#resultOf(order);
    const price = BigInt(10 + Math.floor(random() * 100));
    const result = { order: order.id, node: this.id, resultHash, price };
    this.write("a result", { works: withEntry(this.disk.kept.works, order.id, { order, result, attestedAt: 0 }) });
  }

  #resultOf({ nonce }: Order): Attestation["resultHash"] {
    if (this.part === "colluding") return nonce % 4 !== 0 ? LIE : TRUTH;
    return this.part === "erring" && nonce % 2 === 0 ? errorOf(this.id) : TRUTH;
  }

  /** A colluding node signs the other answer too. */
  #sign(attestation: Attestation): void {
    const { signatures, witness } = this.#world;
    const both = this.part === "colluding" ? [TRUTH, LIE] : [attestation.resultHash];
    for (const resultHash of both) {
      const said = { ...attestation, resultHash };
      signatures.sign(nodeOf(this.id), textOf.attestation(said));
      witness.noteAttestation(said);
    }
  }

  #takeVoucher(lease: number, voucher: Voucher, attestations: readonly Attestation[]): void {
    const { signatures } = this.#world;
    if (!this.sight.facts(lease).open || !signatures.isBy(sessionOf(lease), textOf.voucher(voucher))) return;
    const own = new Map(this.sight.leaseOrders(lease, 0).map(({ order, attested }) => [order, attested]));
    const alike = attestations.filter(({ order, resultHash }) => own.get(order)?.resultHash === resultHash);
    const shown = new Map(
      [...Map.groupBy(alike, ({ order }) => order)]
        .filter(([, said]) => said.length === this.committeeOf(lease).length)
        .map(([order, said]) => [order, said.map(({ price }) => price)]),
    );
    const isNew =
      textOf.voucher(voucher) !== textOf.voucher(this.disk.kept.vouchers.get(lease) ?? { ...voucher, upTo: -1 });
    if (!isNew || refuseVoucher(this.sight.ledger(lease, shown), voucher) !== undefined) return;
    if (this.part !== "colluding") this.#world.witness.noteHeld(this, lease, voucher);
    this.write("a voucher", { vouchers: withEntry(this.disk.kept.vouchers, lease, voucher) });
  }

  /** All of its leases that pay in one clearing; those of nodes that do not sign are left out once. */
  #clear(): void {
    const { now, exchange } = this.#world;
    let leases = this.seats.flatMap((lease) => {
      const voucher = this.disk.kept.vouchers.get(lease);
      const { open, paidPerNode, upTo, forced } = this.sight.facts(lease);
      if (!voucher || !open || voucher.forced !== forced) return [];
      if (voucher.perNode <= paidPerNode && voucher.upTo <= upTo) return [];
      if (claimVoidedBy({ standingClaims: () => this.sight.standingClaims(lease) }, voucher, now)) return [];
      const ledger = this.sight.ledger(lease);
      const until = Math.min(clearBy(ledger) ?? Number.POSITIVE_INFINITY, LEASE_EXPIRY + GRACE_SECONDS);
      return [{ lease, voucher, gain: clearable(ledger), until }];
    });
    leases = leases.filter(({ gain }) => gain > leaseCost(this.#world.cast.costs));
    for (let tries = 0; tries < 2 && leases.length > 0; tries++) {
      const nodes = [...new Set(leases.flatMap(({ lease }) => this.committeeOf(lease)))];
      const decision = decideClearing({
        ...this.#world.cast.costs,
        gain: leases.reduce((sum, { gain }) => sum + gain, 0n),
        nodes: nodes.length,
        leases: leases.length,
        now,
        clearBy: Math.min(...leases.map(({ until }) => until)),
        marginSeconds: CLEARING_MARGIN_SECONDS,
      });
      if (decision !== "clear" && decision !== "urgent") return;
      const entries = leases.map(({ lease, voucher }) => ({ lease, voucher }));
      const clearing = { entries, validUntil: now + CLEARING_SECONDS };
      const missing = nodes.filter(
        (node) => this.#world.ask(this.id, node, (other) => other.coSign(clearing)) !== true,
      );
      if (missing.length === 0) {
        this.submit(`clears ${entries.length} leases`, () => exchange.clear(clearing));
        return;
      }
      leases = leases.filter(({ lease }) => !this.committeeOf(lease).some((node) => missing.includes(node)));
    }
  }
}
