// Does a juror's part in the cases that are open, from what the store holds alone: a restart at any point goes on from
// there. What to do is the protocol's rule; here it is done.
import { type Hex, keccak256, zeroHash } from "viem";
import type { CaseRecord } from "#chain/read-case.ts";
import { type CourtClient, httpCourtClient } from "#mesh/court-client.ts";
import { type CourtCosts, type DutyQuestion, decideDuty, recordsNow } from "#protocol/court-decision.ts";
import { type CaseEvidence, caseEvidence } from "#protocol/node-api.ts";
import { compareNodes } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import { gatherVerdict } from "#protocol/verdict.ts";
import { parseWire, toWire } from "#protocol/wire.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { SlotPool } from "../orders/slot-pool.ts";
import type { PeerBook } from "../rescue/peer-book.ts";
import { Rounds } from "../rounds.ts";
import type { KeptCase, KeptVote } from "../store/court-store.ts";
import { checkEvidence } from "./case-evidence.ts";
import { castVote, keepVote } from "./cast-vote.ts";
import type { CourtCall } from "./court-chain.ts";
import type { CourtParts } from "./court-desk.ts";
import { judgeOrder } from "./judge-order.ts";

export interface JuryParts extends Omit<CourtParts, "book" | "connect"> {
  readonly book: Pick<PeerBook, "locate">;
  readonly slots: SlotPool;
}

/** A case with all that its jury needs of it. */
interface HeardCase extends KeptCase {
  readonly record: CaseRecord;
  readonly shown: CaseEvidence;
  readonly jury: readonly NodeId[];
  readonly seat: number;
}

/** The court's refusals after which a step is as good as done, since somebody was faster. */
const DONE: ReadonlySet<string> = new Set([
  "case-already-decided",
  "nobody-to-punish",
  "nothing-to-pay",
  "pay-not-due",
]);

export class JuryDesk implements AsyncDisposable {
  readonly #parts: JuryParts;
  readonly #rounds = new Rounds();
  readonly #restUntil = new Map<Hex, UnixSeconds>();
  /** When a step of a case became possible. */
  readonly #since = new Map<string, UnixSeconds>();
  readonly #punished = new Set<Hex>();
  /** Cases at which it works. */
  readonly #busy = new Map<Hex, Promise<void>>();
  #after: Hex = zeroHash;

  constructor(parts: JuryParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#rounds.start({
      look: () => this.#look(),
      pauseMillis: NODE_LIMITS.courtMillis,
      log: this.#parts.orders.log,
      failed: "the open cases are not looked at now",
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#rounds.end(this.#busy.values());
  }

  /** One look at the next cases; those at which it works already go on beside it. */
  #look(): void {
    const { store, orders } = this.#parts;
    store.prune(orders.now() - NODE_LIMITS.caseSeconds, NODE_LIMITS.pruneRows);
    const found = store.openCases(this.#after, NODE_LIMITS.courtOrders);
    this.#after = found.length === NODE_LIMITS.courtOrders ? (found.at(-1)?.order ?? zeroHash) : zeroHash;
    for (const each of found) {
      const { order } = each;
      if (this.#busy.has(order) || (this.#restUntil.get(order) ?? 0) > orders.now()) continue;
      this.#busy.set(
        order,
        this.#serve(each)
          .catch((error: unknown) => {
            this.#rest(order);
            if (!this.#rounds.signal.aborted) orders.log.warn({ order, err: error }, "the case waits");
          })
          .finally(() => this.#busy.delete(order)),
      );
    }
  }

  #rest(order: Hex): void {
    if (this.#restUntil.size > NODE_LIMITS.rescueNotes) this.#restUntil.clear();
    this.#restUntil.set(order, this.#parts.orders.now() + NODE_LIMITS.courtRestSeconds);
  }

  async #serve(kept: KeptCase): Promise<void> {
    const { orders, chain, store } = this.#parts;
    const record = await chain.caseOf(kept.order);
    if (record === undefined) return this.#rest(kept.order);
    // Who ran the order has no seat, and whoever was not drawn has nothing to do.
    const isOver = record.state === "closed" || orders.now() > kept.closesAt;
    if (isOver || orders.reader.order(kept.order) !== undefined) return store.markDone(kept.order);
    if (!(await this.#isDrawn(kept))) return;
    const shown = await this.#hear(kept);
    const jury = kept.jury ?? (await chain.juryOf(shown.lease, shown.order.message));
    if (kept.jury === undefined) store.keepJury(kept.order, jury);
    const seat = jury.indexOf(orders.node);
    if (seat === -1) return store.markDone(kept.order);
    await this.#act({ ...kept, record, shown, jury, seat });
  }

  /** Whether the jury's randomness is known; when it could be and nobody has recorded it, this node does. */
  async #isDrawn({ order, subject }: KeptCase): Promise<boolean> {
    const { chain, orders } = this.#parts;
    const draw = await chain.drawOf(subject);
    if (draw?.randomness !== undefined) return true;
    if (draw === undefined || (await chain.block()) <= draw.beaconBlock) return false;
    const since = this.#sinceOf(`${order}:beacon`);
    const costs = await this.#costs();
    if (costs !== undefined && recordsNow(orders.now(), since, order, orders.node)) {
      await this.#send(`beacon:${subject}`, { call: "record", block: draw.beaconBlock });
    }
    return false;
  }

  /** The evidence, of those of the committee that show any; every attestation of theirs that holds is part of it. */
  async #hear({ order, lease, evidence }: KeptCase): Promise<CaseEvidence> {
    if (evidence !== undefined) return parseWire(caseEvidence, JSON.parse(evidence), "stored evidence");
    const { orders, store } = this.#parts;
    const { signal } = this.#rounds;
    const clients = await this.#committee(lease);
    const asked = clients.map(async (client) => {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(NODE_LIMITS.coSignMillis)]);
      return checkEvidence(orders.domain, { order, lease }, await client.evidence(order, { signal: patience }));
    });
    const answers = (await Promise.allSettled(asked)).flatMap((answer) =>
      answer.status === "fulfilled" ? [answer.value] : [],
    );
    // Anyone, so that evidence which leads to nothing is not shown first for ever.
    const one = answers[Math.floor(Math.random() * answers.length)];
    if (one === undefined) {
      throw new ProtocolError("unreachable", "evidence-missing", `Nobody shows the evidence of order ${order}.`, {
        hint: "Try again while the case is open.",
        context: { order, lease },
        retryable: true,
      });
    }
    const held = new Map(answers.flatMap(({ attestations }) => attestations.map((each) => [each.message.node, each])));
    const attestations = [...held.values()].toSorted((a, b) => compareNodes(a.message.node, b.message.node));
    const shown = { ...one, attestations };
    store.keepEvidence(order, toWire(shown));
    return shown;
  }

  async #committee(lease: Hex): Promise<CourtClient[]> {
    const nodes = (await this.#parts.chain.committeeOf(lease)) ?? [];
    return [...(await this.#parts.book.locate(nodes, this.#rounds.signal)).values()].map(httpCourtClient);
  }

  async #act(heard: HeardCase): Promise<void> {
    const { order, record } = heard;
    const votes = this.#parts.store.votes(order);
    const question = await this.#questionOf(heard, votes);
    const step = decideDuty(question);
    if (step === "nothing") return this.#parts.store.markDone(order);
    if (step === "judge") return this.#judge(heard);
    if (step === "gather") return this.#gather(heard, votes);
    if (step === "decide") return this.#decide(heard, votes);
    if (step === "punish") {
      const { lease: terms, order: signed, attestations } = heard.shown;
      await this.#send(`punish:${order}`, { call: "punish", evidence: { terms, order: signed, attestations } });
      this.#punished.add(order);
    }
    if (step === "pay") {
      await this.#send(`pay:${order}`, { call: "pay", order, jury: heard.jury, seats: record.signers });
      this.#parts.store.markDone(order);
    }
  }

  async #questionOf(heard: HeardCase, votes: readonly KeptVote[]): Promise<DutyQuestion> {
    const { orders, store } = this.#parts;
    const { order, closesAt, record, shown, jury, seat } = heard;
    const fixed = store.verdict(order);
    // Stored and not signed yet: the signature is made from it.
    const own = votes.some(({ node }) => node === orders.node) ? fixed : undefined;
    const alike = votes.filter(({ resultHash }) => resultHash === own).length;
    const isReady = record.state === "decided" || alike * 3 > jury.length * 2;
    const liars = shown.attestations.filter(({ message }) => message.resultHash !== record.resultHash).length;
    return {
      ...{ now: orders.now(), closesAt, state: record.state, seat, seats: jury.length, own, alike },
      voices: votes.length,
      readySince: isReady ? this.#sinceOf(`${order}:${record.state}`) : orders.now(),
      liars: this.#punished.has(order) ? 0 : liars,
      attestations: shown.attestations.length,
      costs: await this.#costs(),
    };
  }

  async #judge(heard: HeardCase): Promise<void> {
    const { order, closesAt, lease, shown: evidence } = heard;
    const { orders, slots, store } = this.#parts;
    const fixed = store.verdict(order);
    if (fixed !== undefined) return castVote(this.#parts, heard, fixed);
    const { signal } = this.#rounds;
    try {
      const holders = await this.#committee(lease);
      const found = await judgeOrder(orders, { order, closesAt, evidence, holders, slots, signal });
      signal.throwIfAborted();
      await castVote(this.#parts, heard, found);
      orders.log.info({ order, found }, "judged");
    } catch (error) {
      if (!signal.aborted) store.keepEvidence(order, undefined);
      throw error;
    }
  }

  /** Shows its vote to the jurors whose votes it lacks; who does not answer is asked another time. */
  async #gather({ order, jury }: HeardCase, votes: readonly KeptVote[]): Promise<void> {
    const { orders, book } = this.#parts;
    const own = votes.find(({ node }) => node === orders.node);
    if (own === undefined) return;
    const lacking = jury.filter((node) => !votes.some((vote) => vote.node === node));
    const endpoints = await book.locate(lacking, this.#rounds.signal);
    const asked = [...endpoints].map(async ([node, endpoint]) => {
      try {
        const patience = AbortSignal.any([this.#rounds.signal, AbortSignal.timeout(NODE_LIMITS.coSignMillis)]);
        const { vote } = await httpCourtClient(endpoint).exchangeVotes(order, own, { signal: patience });
        if (vote?.node === node) await keepVote(this.#parts, order, jury, vote);
      } catch (error) {
        if (this.#rounds.signal.aborted) return;
        orders.log.debug({ order, node, err: error }, "a juror shows no vote");
      }
    });
    await Promise.all(asked);
  }

  async #decide({ order, shown, jury }: HeardCase, votes: readonly KeptVote[]): Promise<void> {
    const { chain, store } = this.#parts;
    const own = store.verdict(order) as Hex;
    // One juror that changed its key since it voted would spoil the verdict of all.
    const seated = await Promise.all(
      jury.map(async (node) => {
        const vote = votes.find((each) => each.node === node && each.resultHash === own);
        return vote !== undefined && (await chain.jurorKey(node)) === keccak256(vote.key) ? vote : undefined;
      }),
    );
    const verdict = gatherVerdict(await chain.domain(), order, own, seated);
    await this.#send(`decide:${order}`, {
      ...{ call: "decide", terms: shown.lease, order: shown.order.message, verdict },
    });
  }

  async #send(key: string, call: CourtCall): Promise<void> {
    const { log } = this.#parts.orders;
    try {
      const transaction = await this.#parts.chain.send(key, call);
      log.info({ key, call: call.call, transaction }, "called the court");
    } catch (error) {
      if (!(error instanceof ProtocolError && DONE.has(error.code))) throw error;
      log.info({ key, call: call.call, because: error.code }, "somebody was faster at the court");
    }
  }

  #sinceOf(key: string): UnixSeconds {
    const known = this.#since.get(key);
    if (known !== undefined) return known;
    if (this.#since.size > NODE_LIMITS.rescueNotes) this.#since.clear();
    const now = this.#parts.orders.now();
    this.#since.set(key, now);
    return now;
  }

  async #costs(): Promise<CourtCosts | undefined> {
    const { terms, chain } = this.#parts;
    return terms && { ...terms, gasPrice: await chain.gasPrice() };
  }
}
