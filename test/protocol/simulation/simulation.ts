// A seeded world of a few leases over the same nodes, and of a model of the exchange. Messages are lost, late, doubled and
// out of order; parties crash at a write and come back with their files alone, fall silent, lie, collude and meddle. What
// honest parties decide is decided by the protocol's own rules; this only moves messages, time and money.
import { openPayerLedger } from "#protocol/payer-ledger.ts";
import type { LeaseId } from "#protocol/units.ts";
import { type Cast, DOWN_SECONDS, END, hexOf, type Random, STANDS_SECONDS } from "./cast.ts";
import { type ConsumerFile, ConsumerModel } from "./consumer-model.ts";
import { Crash, Disk } from "./disk.ts";
import { ExchangeModel, Refusal } from "./exchange-model.ts";
import { Meddler } from "./meddler.ts";
import { EMPTY_FILE, type NodeFile } from "./node-file.ts";
import { NodeModel } from "./node-model.ts";
import { type ClaimTerms, nodeOf, Signatures, sessionOf } from "./signatures.ts";
import { UnreliableNetwork } from "./unreliable-network.ts";
import { Witness } from "./witness.ts";

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
  readonly network: UnreliableNetwork;
  readonly witness: Witness;
  readonly crashes = { nodes: 0, consumers: 0 };
  now = 0;
  readonly #meddler: Meddler;
  readonly #nodes: Place<NodeModel>[];
  readonly #consumers: Place<ConsumerModel>[];
  #calls: { readonly at: number; readonly call: () => void }[] = [];

  constructor(cast: Cast, random: Random) {
    this.cast = cast;
    this.random = random;
    this.exchange = new ExchangeModel(cast, this.signatures);
    this.network = new UnreliableNetwork(random, cast);
    this.witness = new Witness(this);
    this.#meddler = new Meddler(this);
    this.#nodes = cast.nodes.map((_, id) => {
      return this.#place<NodeModel, NodeFile>(EMPTY_FILE, (disk) => new NodeModel(this, id, disk));
    });
    this.#consumers = cast.leases.map((_, lease) => {
      const file = { ledger: openPayerLedger(hexOf(32, lease) as LeaseId), orders: [] };
      return this.#place<ConsumerModel, ConsumerFile>(file, (disk) => new ConsumerModel(this, lease, disk));
    });
  }

  get nodes(): readonly NodeModel[] {
    return this.#nodes.map(({ member }) => member);
  }

  run(): this {
    for (; this.now < END; this.now++) {
      this.exchange.now = this.now;
      const due = this.#calls.filter(({ at }) => at <= this.now);
      this.#calls = this.#calls.filter(({ at }) => at > this.now);
      for (const { call } of due) this.try(call);
      for (const { to, message } of this.network.arrivals(this.now)) {
        const place = this.#placeOf(to);
        if (place) this.#do<Party>(place, (member) => member.take(message));
      }
      for (const place of [...this.#consumers, ...this.#nodes]) this.#do<Party>(place, (member) => member.act());
      if (this.random() * 100 < this.cast.meddlePercent) this.#meddler.act();
    }
    for (const lease of this.cast.leases.keys()) this.try(() => this.exchange.close(lease));
    return this;
  }

  /** Sends a call to the exchange; it is carried out now or in the next moment. */
  submit(call: () => void): void {
    this.#calls.push({ at: this.now + 1, call });
  }

  /** What the exchange refuses changes nothing. */
  try(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
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

  #placeOf(name: string): Place<NodeModel> | Place<ConsumerModel> | undefined {
    const node = this.#nodes.find(({ member }) => nodeOf(member.id) === name);
    return node ?? this.#consumers[this.cast.leases.findIndex((_, lease) => sessionOf(lease) === name)];
  }

  #place<Member extends Party, Kept>(kept: Kept, start: (disk: Disk<Kept>) => Member): Place<Member> {
    let standsUntil = 0;
    const mayCrash = () => {
      const crashes = this.now >= standsUntil && this.random() * 1_000 < this.cast.crashesPerMille;
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
      this.crashes[member instanceof NodeModel ? "nodes" : "consumers"]++;
      place.member = place.restart();
      place.downUntil = this.now + 1 + Math.floor(this.random() * DOWN_SECONDS);
      return undefined;
    }
  }
}
