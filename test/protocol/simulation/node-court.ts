// What a node does at the court for orders that it attested: the protocol decides, here it is done over its file.
import type { Hex } from "viem";
import { gasCost } from "#protocol/clearing-decision.ts";
import { decideDefence, SINGLE_CALL_GAS } from "#protocol/court-decision.ts";
import { GRACE_SECONDS, hexOf, type Order } from "./cast.ts";
import { heldOf } from "./node-file.ts";
import type { NodeModel } from "./node-model.ts";
import { saidOf } from "./node-rescue.ts";
import type { Simulation } from "./simulation.ts";

export class NodeCourt {
  readonly #world: Simulation;
  readonly #node: NodeModel;
  /** Calls on their way, and when they may be sent again: in no file. */
  readonly #sending = new Map<Hex, number>();

  constructor(world: Simulation, node: NodeModel) {
    this.#world = world;
    this.#node = node;
  }

  round(): void {
    const { part, disk } = this.#node;
    if (part === "colluding" || part === "refusing") return;
    if (this.#world.court.accused.size > 0) this.#defend();
    if (disk.kept.equivocations.length > 0) this.#prove();
  }

  #defend(): void {
    const { court, now } = this.#world;
    for (const { order, commits } of this.#node.disk.kept.works.values()) {
      const accused = court.accused.get(order.id);
      if (accused === undefined || commits === undefined || (this.#sending.get(order.id) ?? 0) >= now) continue;
      const step = this.#decide(order, [...accused]);
      if (step === "ask") this.#node.rescue.ask(order);
      if (step !== "appeal" && step !== "punish") continue;
      if (step === "appeal" && this.#knowsBetter) continue;
      const shown = heldOf(this.#node.disk.kept, order.id).toSorted((a, b) => a.node - b.node);
      this.#sending.set(order.id, step === "punish" ? Number.POSITIVE_INFINITY : now + 8);
      this.#node.submit(`${step}es for order ${order.nonce} of lease ${order.lease}`, () => {
        if (step === "appeal") court.appeal(this.#node.id, order, shown);
        else court.punish(order, shown);
      });
    }
  }

  /** Every other node that errs finds out, and does not appeal. */
  get #knowsBetter(): boolean {
    return this.#node.part === "erring" && this.#node.id % 2 === 1;
  }

  #decide(order: Order, accused: readonly number[]) {
    const { now, court, cast } = this.#world;
    const { id } = this.#node;
    const committee = this.#node.committeeOf(order.lease);
    const [own, ...others] = heldOf(this.#node.disk.kept, order.id).map(saidOf);
    if (own === undefined) return "nothing";
    const { deadline, quorumBps } = order;
    const { step } = decideDefence({
      ...{ now, deadline, quorumBps, own, others, costs: cast.costs, graceSeconds: GRACE_SECONDS },
      committee: committee.length,
      rank: committee.indexOf(id),
      accused: accused.map((node) => hexOf(20, node) as typeof own.node),
      appealed: court.cases.has(order.id),
    });
    return step;
  }

  #prove(): void {
    const { court, cast } = this.#world;
    if (gasCost(SINGLE_CALL_GAS, cast.costs) > cast.costs.accusationCost) return;
    const [next, ...rest] = this.#node.disk.kept.equivocations;
    if (next === undefined) return;
    this.#node.submit(`proves that node ${next.first.node} attested twice`, () => {
      court.proveEquivocation(next.first, next.second);
    });
    this.#node.write("a proof", { equivocations: rest });
  }
}
