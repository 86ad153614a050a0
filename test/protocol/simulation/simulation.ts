// A seeded world of a few leases over the same nodes, and of a model of the contracts. Messages are lost, late, doubled and
// out of order; parties crash at any step and come back with their files alone, fall silent, lie, collude and meddle. What
// honest parties decide is decided by the protocol's own rules; this only moves messages, time and money.
import { openPayerLedger } from "#protocol/payer-ledger.ts";
import type { LeaseId } from "#protocol/units.ts";
import { type Cast, COURT_END, DOWN_SECONDS, END, hexOf, type Random, STANDS_SECONDS } from "./cast.ts";
import { type ConsumerFile, ConsumerModel } from "./consumer-model.ts";
import { CourtModel } from "./court-model.ts";
import { Crash, Disk } from "./disk.ts";
import { Refusal } from "./evidence-model.ts";
import { ExchangeModel } from "./exchange-model.ts";
import { JuryModel } from "./jury-model.ts";
import { Meddler } from "./meddler.ts";
import { EMPTY_FILE, type NodeFile } from "./node-file.ts";
import { NodeModel } from "./node-model.ts";
import { type ClaimTerms, nodeOf, Signatures, sessionOf } from "./signatures.ts";
import { UnreliableNetwork } from "./unreliable-network.ts";
import { VaultModel } from "./vault-model.ts";
import { Witness } from "./witness.ts";

/** At the court everything takes its time. */
const COURT_STEP_SECONDS = 4;

interface Party {
  take(message: Parameters<NodeModel["take"]>[0]): void;
  act(): void;
}

/** A party and its file: the file outlives it. */
interface Place<Member extends Party> {
  member: Member;
  downUntil: number;
  readonly restart: () => Member;
}

export class Simulation {
  readonly cast: Cast;
  readonly random: Random;
  readonly signatures = new Signatures();
  readonly exchange: ExchangeModel;
  readonly vault: VaultModel;
  readonly court: CourtModel;
  readonly network: UnreliableNetwork;
  readonly witness: Witness;
  /** By the step at which somebody crashed. */
  readonly crashes: Record<string, number> = {};
  now = 0;
  readonly #tell: ((line: string) => void) | undefined;
  readonly #meddler: Meddler;
  readonly #jury: JuryModel;
  readonly #nodes: Place<NodeModel>[];
  readonly #consumers: Place<ConsumerModel>[];
  #calls: { readonly at: number; readonly what: string; readonly call: () => void }[] = [];

  /** @param tell is told, line by line, what happens */
  constructor(cast: Cast, random: Random, tell?: (line: string) => void) {
    this.cast = cast;
    this.random = random;
    this.#tell = tell;
    this.exchange = new ExchangeModel(cast, this.signatures);
    this.vault = new VaultModel(cast.stakes.reduce((sum, stake) => sum + stake, 0n));
    this.court = new CourtModel(cast, this.signatures, this.exchange, this.vault);
    this.network = new UnreliableNetwork(random, cast);
    this.witness = new Witness(this);
    this.#meddler = new Meddler(this);
    this.#jury = new JuryModel(this);
    this.#nodes = cast.nodes.map((_, id) => {
      return this.#place<NodeModel, NodeFile>(EMPTY_FILE, (disk) => new NodeModel(this, id, disk));
    });
    this.#consumers = cast.leases.map((_, lease) => {
      const file = { ledger: openPayerLedger(hexOf(32, lease) as LeaseId), orders: [], answers: new Map() };
      return this.#place<ConsumerModel, ConsumerFile>(file, (disk) => new ConsumerModel(this, lease, disk));
    });
  }

  get nodes(): readonly NodeModel[] {
    return this.#nodes.map(({ member }) => member);
  }

  run(): this {
    for (; this.now < END; this.now++) {
      this.#carryOut();
      for (const { to, message } of this.network.arrivals(this.now)) {
        const place = this.#placeOf(to);
        if (place) this.#do<Party>(place, (member) => member.take(message));
      }
      for (const place of [...this.#consumers, ...this.#nodes]) this.#do<Party>(place, (member) => member.act());
      this.#jury.act();
      if (this.random() * 100 < this.cast.meddlePercent) this.#meddler.act();
      if (this.cast.kind === "calm") this.#meddler.settleInTime();
    }
    for (const lease of this.cast.leases.keys()) this.try("close", () => this.exchange.close(lease));
    if (this.exchange.freezes.length > 0 || this.court.punishments.length > 0) this.#holdCourt();
    this.exchange.now = COURT_END;
    const nodes = [...this.cast.nodes.keys()];
    this.exchange.collect(nodes);
    this.vault.harvest(this.exchange.withdraw("vault"), COURT_END);
    for (const node of nodes) this.try("leave", () => this.exchange.stakes.finishUnbonding(node, COURT_END));
    return this;
  }

  /** Sends a call to the contracts; it is carried out in the next moment. */
  submit(what: string, call: () => void): void {
    this.#calls.push({ at: this.now + 1, what, call });
  }

  /** What the contracts refuse changes nothing. */
  try(what: string, call: () => void): void {
    try {
      call();
      this.tell(() => what);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.tell(() => `${what}: refused, ${error.message}`);
    }
  }

  tell(line: () => string): void {
    this.#tell?.(`${this.now}: ${line()}`);
  }

  /** Asks another node; undefined when the question or the answer is lost, or the node is not there. */
  ask<Answer>(from: number | undefined, to: number, question: (node: NodeModel) => Answer): Answer | undefined {
    const place = this.#nodes[to];
    if (from === to && place) return question(place.member);
    if (!place?.member.isAlive || this.network.isLost()) return undefined;
    const answer = this.#do(place, question);
    return this.network.isLost() ? undefined : answer;
  }

  /** Everybody sees what a committee is about to claim. */
  noteClaim(claim: ClaimTerms): void {
    this.#meddler.noteClaim(claim);
  }

  noteCrash(step: string): void {
    this.crashes[step] = (this.crashes[step] ?? 0) + 1;
  }

  #holdCourt(): void {
    for (; this.now < COURT_END; this.now += COURT_STEP_SECONDS) {
      this.#carryOut();
      for (const place of this.#nodes) this.#do(place, (node) => node.court.round());
      this.#jury.act();
      if (this.random() * 100 < this.cast.meddlePercent) this.#meddler.actAtCourt();
    }
  }

  #carryOut(): void {
    this.exchange.now = this.now;
    const due = this.#calls.filter(({ at }) => at <= this.now);
    this.#calls = this.#calls.filter(({ at }) => at > this.now);
    for (const { what, call } of due) this.try(what, call);
  }

  #placeOf(name: string): Place<NodeModel> | Place<ConsumerModel> | undefined {
    const node = this.#nodes.find(({ member }) => nodeOf(member.id) === name);
    return node ?? this.#consumers[this.cast.leases.findIndex((_, lease) => sessionOf(lease) === name)];
  }

  #place<Member extends Party, Kept>(kept: Kept, start: (disk: Disk<Kept>) => Member): Place<Member> {
    let standsUntil = 0;
    const mayCrash = (step: string) => {
      const crashes = this.now >= standsUntil && this.random() * 1_000 < this.cast.crashesPerMille;
      if (crashes) this.noteCrash(step);
      if (crashes) standsUntil = this.now + DOWN_SECONDS + STANDS_SECONDS;
      return crashes;
    };
    const disk = new Disk(kept, mayCrash, this.random);
    return { member: start(disk), downUntil: 0, restart: () => start(disk) };
  }

  /** Whoever crashes is another one when it is back: all that it knows is its file. */
  #do<Member extends Party, Answer = void>(place: Place<Member>, act: (member: Member) => Answer): Answer | undefined {
    const { member } = place;
    if (this.now < place.downUntil || (member instanceof NodeModel && !member.isAlive)) return undefined;
    try {
      return act(member);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.tell(() => `${member instanceof NodeModel ? nodeOf(member.id) : "a consumer"} crashes`);
      place.member = place.restart();
      place.downUntil = this.now + 1 + Math.floor(this.random() * DOWN_SECONDS);
      return undefined;
    }
  }
}
