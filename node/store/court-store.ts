// What the node keeps of disputes: who was accused, which cases are open, what it found in them and what jurors signed.
import { and, asc, eq, gt, gte, inArray, lt, sql } from "drizzle-orm";
import type { Hex } from "viem";
import type { Checkpoint } from "#chain/follow.ts";
import type { Attestation, Signed } from "#protocol/signed-messages.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import type { JurorVote } from "#protocol/verdict.ts";
import { attestation, parseWire, signed } from "#protocol/wire.ts";
import type { NodeDatabase } from "./node-database.ts";
import { accusations, cases, counters, equivocations, orders, pins, verdicts, votes } from "./schema.ts";

const CHECKPOINT = "court-checkpoint";
const attested = signed(attestation);

export interface Equivocation {
  readonly order: Hex;
  readonly node: NodeId;
  readonly first: Signed<Attestation>;
  readonly second: Signed<Attestation>;
}

/** What `CaseOpened` says. */
export interface OpenedCase {
  readonly order: Hex;
  readonly lease: Hex;
  /** Of the jury's draw. */
  readonly subject: Hex;
  readonly closesAt: UnixSeconds;
}

export interface KeptCase extends OpenedCase {
  /** Wire form; undefined until it was gathered. */
  readonly evidence: string | undefined;
  /** In seat order; undefined until it is drawn. */
  readonly jury: readonly NodeId[] | undefined;
}

export interface KeptVote extends JurorVote {
  readonly node: NodeId;
  readonly resultHash: Hex;
}

/** One thing that the chain told. */
export type CourtNews =
  | { readonly type: "accused"; readonly order: Hex; readonly node: NodeId; readonly block: number }
  | { readonly type: "opened"; readonly opened: OpenedCase; readonly block: number }
  | { readonly type: "reorg"; readonly from: number }
  | { readonly type: "none" };

export class CourtStore {
  readonly #db: NodeDatabase;

  constructor(db: NodeDatabase) {
    this.#db = db;
  }

  /** How far the chain's events are in the store. */
  checkpoint(): Checkpoint | undefined {
    const row = this.#db.select().from(counters).where(eq(counters.name, CHECKPOINT)).get();
    return row && (JSON.parse(row.value) as Checkpoint);
  }

  /** Keeps what the chain told, and that it was told. Accusations count for orders of this node alone. */
  note(news: CourtNews, checkpoint: Checkpoint | undefined): void {
    this.#db.transaction((tx) => {
      if (news.type === "accused") {
        const { order, node, block } = news;
        const own = tx.select({ order: orders.order }).from(orders).where(eq(orders.order, order)).get();
        if (own) tx.insert(accusations).values({ order, node, block }).onConflictDoNothing().run();
      } else if (news.type === "opened") {
        const { order, closesAt } = news.opened;
        tx.insert(cases)
          .values({ ...news.opened, block: news.block })
          .onConflictDoNothing()
          .run();
        // A jury will want what the order needs.
        const until = sql`max(${pins.until}, ${closesAt})`;
        tx.update(pins).set({ until }).where(eq(pins.order, order)).run();
      } else if (news.type === "reorg") {
        tx.delete(accusations).where(gte(accusations.block, news.from)).run();
        tx.delete(cases).where(gte(cases.block, news.from)).run();
      }
      if (checkpoint === undefined) {
        tx.delete(counters).where(eq(counters.name, CHECKPOINT)).run();
      } else {
        const value = JSON.stringify(checkpoint);
        tx.insert(counters)
          .values({ name: CHECKPOINT, value })
          .onConflictDoUpdate({ target: counters.name, set: { value } })
          .run();
      }
    });
  }

  /** Who was accused for the order. */
  accused(order: Hex): NodeId[] {
    const rows = this.#db.select({ node: accusations.node }).from(accusations).where(eq(accusations.order, order));
    return rows.all().map(({ node }) => node);
  }

  /** Orders of this node for which somebody was accused, from the one after `after` on, with deadlines from then on. */
  disputed(after: Hex, deadlineFrom: UnixSeconds, limit: number): { order: Hex; lease: Hex }[] {
    return this.#db
      .selectDistinct({ order: orders.order, lease: orders.lease })
      .from(accusations)
      .innerJoin(orders, eq(orders.order, accusations.order))
      .where(and(gt(orders.order, after), gte(orders.deadline, deadlineFrom), eq(orders.state, "attested")))
      .orderBy(asc(orders.order))
      .limit(limit)
      .all();
  }

  /** Evidence that the court does not have yet, from the order after `after` on. */
  equivocations(after: Hex, limit: number): Equivocation[] {
    const rows = this.#db
      .select()
      .from(equivocations)
      .where(and(eq(equivocations.proven, false), gt(equivocations.order, after)))
      .orderBy(asc(equivocations.order))
      .limit(limit);
    return rows.all().map(({ order, node, first, second }) => ({
      order,
      node,
      first: parseWire(attested, JSON.parse(first), "stored attestation"),
      second: parseWire(attested, JSON.parse(second), "stored attestation"),
    }));
  }

  markProven(order: Hex, node: NodeId): void {
    const found = and(eq(equivocations.order, order), eq(equivocations.node, node));
    this.#db.update(equivocations).set({ proven: true }).where(found).run();
  }

  caseOf(order: Hex): KeptCase | undefined {
    const row = this.#db.select().from(cases).where(eq(cases.order, order)).get();
    return row && keptCase(row);
  }

  /** Cases in which this node may have something to do, from the one after `after` on. */
  openCases(after: Hex, limit: number): KeptCase[] {
    const open = and(eq(cases.done, false), gt(cases.order, after));
    return this.#db.select().from(cases).where(open).orderBy(asc(cases.order)).limit(limit).all().map(keptCase);
  }

  /** Undefined lets go of evidence that led to nothing. */
  keepEvidence(order: Hex, evidence: string | undefined): void {
    this.#db
      .update(cases)
      .set({ evidence: evidence ?? null })
      .where(eq(cases.order, order))
      .run();
  }

  keepJury(order: Hex, jury: readonly NodeId[]): void {
    const row = { jury: JSON.stringify(jury) };
    this.#db.update(cases).set(row).where(eq(cases.order, order)).run();
  }

  markDone(order: Hex): void {
    this.#db.update(cases).set({ done: true }).where(eq(cases.order, order)).run();
  }

  /** Fixes what will be signed, before it is signed. The first call decides; every later one is given the same. */
  openVerdict(order: Hex, resultHash: Hex, closesAt: UnixSeconds): Hex {
    this.#db.insert(verdicts).values({ order, resultHash, closesAt }).onConflictDoNothing().run();
    return this.verdict(order) ?? resultHash;
  }

  verdict(order: Hex): Hex | undefined {
    const row = this.#db.select().from(verdicts).where(eq(verdicts.order, order)).get();
    return row?.resultHash;
  }

  keepVote(order: Hex, vote: KeptVote): void {
    this.#db
      .insert(votes)
      .values({ order, ...vote })
      .onConflictDoNothing()
      .run();
  }

  votes(order: Hex): KeptVote[] {
    const rows = this.#db.select().from(votes).where(eq(votes.order, order)).all();
    return rows.map(({ node, resultHash, key, signature }) => ({ node, resultHash, key, signature }));
  }

  /** Deletes what belongs to cases that closed before then; nobody takes a verdict of theirs any more. */
  prune(closedBefore: UnixSeconds, limit: number): void {
    this.#db.transaction((tx) => {
      const old = tx.select({ order: cases.order }).from(cases).where(lt(cases.closesAt, closedBefore)).limit(limit);
      const gone = old.all().map(({ order }) => order);
      const known = tx.select({ order: orders.order }).from(orders).where(inArray(orders.order, gone)).all();
      const own = new Set(known.map(({ order }) => order));
      const foreign = gone.filter((order) => !own.has(order));
      tx.delete(pins).where(inArray(pins.order, foreign)).run();
      tx.delete(votes).where(inArray(votes.order, gone)).run();
      tx.delete(cases).where(inArray(cases.order, gone)).run();
      // By its own date: a reorganisation may have taken the case, and the court may open it again.
      tx.delete(verdicts).where(lt(verdicts.closesAt, closedBefore)).run();
    });
  }
}

function keptCase(row: typeof cases.$inferSelect): KeptCase {
  const { order, lease, subject, closesAt, evidence, jury } = row;
  return {
    ...{ order, lease, subject, closesAt },
    evidence: evidence ?? undefined,
    jury: jury === null ? undefined : (JSON.parse(jury) as NodeId[]),
  };
}
