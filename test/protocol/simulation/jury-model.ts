// The jury of each case: every juror decides by the protocol's rule what to do now, keeps its vote before it signs it, and
// shows it to who shows its own.
import type { Hex } from "viem";
import { decideDuty } from "#protocol/court-decision.ts";
import { type Attestation, errorOf, type JuryPart, LIE, TRUTH } from "./cast.ts";
import { type Case, SEATS } from "./court-model.ts";
import { jurorOf, textOf } from "./signatures.ts";
import type { Simulation } from "./simulation.ts";

/** How many lie, or are silent; a verdict takes 21. */
const BAD_SEATS: Readonly<Record<JuryPart, number>> = { honest: 0, split: 10, silent: 11 };

interface Juror {
  readonly seat: number;
  /** Kept over a crash. */
  own: Hex | undefined;
  /** What it has been shown: in no file. */
  votes: Map<number, Hex>;
  readySince: number;
}

export class JuryModel {
  readonly #world: Simulation;
  readonly #juries = new Map<Hex, readonly Juror[]>();

  constructor(world: Simulation) {
    this.#world = world;
  }

  act(): void {
    const { court, now } = this.#world;
    for (const opened of court.cases.values()) {
      if (!court.isDrawn(opened) || now > opened.closesAt + 4) continue;
      for (const juror of this.#juryOf(opened)) this.#serve(opened, juror);
    }
  }

  #juryOf({ order }: Case): readonly Juror[] {
    const known = this.#juries.get(order.id);
    if (known) return known;
    const jury = Array.from({ length: SEATS }, (_, seat): Juror => {
      return { seat, own: undefined, votes: new Map(), readySince: 0 };
    });
    this.#juries.set(order.id, jury);
    return jury;
  }

  #serve(opened: Case, juror: Juror): void {
    const { cast, now, court } = this.#world;
    if (cast.jury === "silent" && juror.seat < BAD_SEATS.silent) return;
    const alike = [...juror.votes.values()].filter((vote) => vote === juror.own);
    const shown = this.#evidenceOf(opened);
    const wrong = shown.filter(({ resultHash }) => resultHash !== opened.resultHash);
    const isDecided = opened.resultHash !== undefined;
    const state = now > opened.closesAt ? "closed" : isDecided ? "decided" : "open";
    const step = decideDuty({
      ...{ now, closesAt: opened.closesAt, state, seat: juror.seat, seats: SEATS, own: juror.own, costs: cast.costs },
      alike: alike.length,
      voices: juror.votes.size,
      readySince: isDecided ? opened.decidedAt : juror.readySince,
      liars: isDecided ? wrong.filter(({ node }) => !court.isPunished(opened.order.id, node)).length : 0,
      attestations: shown.length,
    });
    const { order } = opened;
    if (step === "judge") this.#judge(opened, juror);
    if (step === "gather") this.#gather(opened, juror);
    if (step === "decide") {
      const seats = [...juror.votes].flatMap(([seat, vote]) => (vote === juror.own ? [seat] : []));
      this.#submit(juror, "decides", () => court.decide(order, juror.own ?? "0x", seats));
    }
    if (step === "punish") this.#submit(juror, "punishes", () => court.punish(order, shown));
    if (step === "pay") this.#submit(juror, "pays the jury", () => court.payJurors(order));
  }

  #submit({ seat }: Juror, what: string, call: () => void): void {
    this.#world.submit(`juror ${seat} ${what}`, call);
  }

  /** What runs twice may come out otherwise on a broken machine: only what is kept is signed. */
  #judge({ order }: Case, juror: Juror): void {
    const { random, signatures, witness, cast } = this.#world;
    const lies = cast.jury === "split" && juror.seat < BAD_SEATS.split;
    const result = lies ? LIE : cast.jury === "honest" && random() < 0.02 ? errorOf(juror.seat) : TRUTH;
    const crashes = random() * 1_000 < cast.crashesPerMille ? random() : 1;
    if (crashes < 0.5) {
      this.#world.noteCrash("before a vote is written");
      return;
    }
    juror.own = result;
    if (crashes < 1) {
      this.#world.noteCrash("after a vote is written");
      juror.votes.clear();
    }
    juror.votes.set(juror.seat, juror.own);
    signatures.sign(jurorOf(juror.seat), textOf.verdict(order, juror.own));
    witness.noteVote(juror.seat, order, juror.own);
  }

  #gather({ order }: Case, juror: Juror): void {
    const { network, now } = this.#world;
    const votes = new Map<number, Hex>(juror.own && [[juror.seat, juror.own]]);
    for (const other of this.#juries.get(order.id) ?? []) {
      const known = juror.votes.get(other.seat);
      const vote = known ?? (network.isLost() ? undefined : other.own);
      if (vote !== undefined) votes.set(other.seat, vote);
    }
    const before = [...juror.votes.values()].filter((vote) => vote === juror.own).length;
    juror.votes = votes;
    if (juror.readySince === 0 || before < 21) juror.readySince = now;
  }

  /** What nodes of the committee show: one attestation of each, ascending. */
  #evidenceOf({ order }: Case): readonly Attestation[] {
    const held = this.#world.nodes.flatMap((node) => node.evidenceOf(order.id));
    const first = new Map<number, Attestation>();
    for (const said of held) if (!first.has(said.node)) first.set(said.node, said);
    return [...first.values()].toSorted((a, b) => a.node - b.node);
  }
}
