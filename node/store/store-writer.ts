// Everything that is written to the store, each in one transaction. States move here and nowhere else, by the table.
import { and, eq, inArray, lt, lte, sql } from "drizzle-orm";
import type { Hex } from "viem";
import { nextOrderState, type OrderEvent, type OrderState } from "#protocol/order-state.ts";
import { type Problem, ProtocolError } from "#protocol/protocol-error.ts";
import type { Attestation, Commitment, Signed, Voucher } from "#protocol/signed-messages.ts";
import type { Amount, Digest, LeaseId, UnixSeconds } from "#protocol/units.ts";
import type { Rates } from "#protocol/usage.ts";
import { toWire } from "#protocol/wire.ts";
import type { NodeDatabase } from "./node-database.ts";
import {
  type AttestationRecord,
  attestationRecord,
  type KeptSubmission,
  type ResultRecord,
  type StandingClaim,
  type VoucherRecord,
} from "./order-record.ts";
import {
  accusations,
  attestations,
  blobs,
  claimedOrders,
  counters,
  equivocations,
  orders,
  peerAttestations,
  pins,
  results,
  vouchers,
} from "./schema.ts";

export interface NewOrder {
  readonly order: Hex;
  readonly submission: KeptSubmission;
  readonly rates: Rates;
  readonly tokenHash: string;
  readonly acceptedAt: UnixSeconds;
  /** Until when its blobs are kept. */
  readonly pinUntil: UnixSeconds;
}

/** A claim on a blob: `order` needs it until then, Unix seconds. */
export interface Pin {
  readonly order: Hex;
  readonly until: UnixSeconds;
}

type Transaction = Parameters<Parameters<NodeDatabase["transaction"]>[0]>[0];

export class StoreWriter {
  readonly #db: NodeDatabase;

  constructor(db: NodeDatabase) {
    this.#db = db;
  }

  acceptOrder({ order, submission, rates, tokenHash, acceptedAt, pinUntil }: NewOrder): void {
    const { lease, nonce, deadline, maxPrice } = submission.order.message;
    const responseBytes = submission.jobs.reduce((sum, job) => sum + job.responseBytes, 0);
    this.#db.transaction((tx) => {
      tx.insert(orders)
        .values({
          order,
          lease,
          nonce,
          state: "waiting",
          deadline,
          maxPrice: maxPrice.toString(),
          responseBytes,
          submission: toWire(submission),
          rates: toWire(rates),
          tokenHash,
          acceptedAt,
          changedAt: acceptedAt,
        })
        .run();
      const digests = submission.blobs.map(({ digest }) => digest);
      tx.update(blobs)
        .set({ usedAt: nextUse(tx) })
        .where(inArray(blobs.digest, digests))
        .run();
      for (const { digest, size } of submission.blobs) {
        tx.insert(pins).values({ order, digest, size, until: pinUntil }).run();
      }
    });
  }

  /** Moves an order where nothing is signed. @throws `order-state`, `order-unknown` */
  move(order: Hex, event: Exclude<OrderEvent, "commit" | "attest">, at: UnixSeconds, problem?: Problem): OrderState {
    return this.#db.transaction((tx) => {
      const state = moveOrder(tx, order, event, at, problem);
      if (state === "failed" || state === "expired" || state === "cancelled") {
        tx.delete(pins).where(eq(pins.order, order)).run();
      }
      return state;
    });
  }

  /** Fixes a running order's result, before its commitment is signed. @throws `order-state`; a unique key when there is one */
  storeResult(order: Hex, result: Omit<ResultRecord, "signature">): void {
    const { resultHash, salt, seal } = result;
    this.#db.transaction((tx) => {
      nextOrderState(stateOf(tx, order), "commit");
      tx.insert(results)
        .values({ order, receipts: toWire(result.receipts), resultHash, price: result.price.toString(), salt, seal })
        .run();
    });
  }

  /** Keeps the signature of the commitment to the stored result. @throws `order-state` */
  recordCommitment(order: Hex, signature: Hex, at: UnixSeconds): void {
    this.#db.transaction((tx) => {
      moveOrder(tx, order, "commit", at);
      tx.update(results).set({ signature }).where(eq(results.order, order)).run();
    });
  }

  /**
   * Fixes what will be attested, before it is signed. The first call decides; every later one is given the same.
   * @throws `order-state`
   */
  openAttestation(
    order: Hex,
    fields: { resultHash: Hex; price: Amount; commits: Hex; commitments: readonly Signed<Commitment>[] },
  ): AttestationRecord {
    return this.#db.transaction((tx) => {
      const standing = tx.select().from(attestations).where(eq(attestations.order, order)).get();
      if (standing) return attestationRecord(standing);
      nextOrderState(stateOf(tx, order), "attest");
      const { resultHash, commits } = fields;
      const [price, commitments] = [fields.price.toString(), toWire(fields.commitments)];
      tx.insert(attestations).values({ order, resultHash, price, commits, commitments }).run();
      return { ...fields, signature: undefined };
    });
  }

  /** Keeps the signature of the fixed attestation. Doing it twice is doing it once. @throws `order-state` */
  recordAttestation(order: Hex, signature: Hex, at: UnixSeconds): void {
    this.#db.transaction((tx) => {
      if (stateOf(tx, order) === "attested") return;
      moveOrder(tx, order, "attest", at);
      tx.update(attestations).set({ signature }).where(eq(attestations.order, order)).run();
    });
  }

  /** Keeps what other nodes attested: of each node's for an order the first. */
  keepPeerAttestations(taken: readonly Signed<Attestation>[]): void {
    this.#db.transaction((tx) => {
      for (const { message, signature } of taken) {
        const { order, resultHash } = message;
        const own = tx.select().from(attestations).where(eq(attestations.order, order)).get();
        const dissents = own !== undefined && own.resultHash !== resultHash;
        const row = { ...message, price: message.price.toString(), signature, dissents };
        tx.insert(peerAttestations).values(row).onConflictDoNothing().run();
      }
    });
  }

  /** Keeps the evidence that a node attested one order twice: the first that came. */
  keepEquivocation(first: Signed<Attestation>, second: Signed<Attestation>): void {
    const { order, node } = first.message;
    const row = { order, node, first: toWire(first), second: toWire(second) };
    this.#db.insert(equivocations).values(row).onConflictDoNothing().run();
  }

  /**
   * Keeps a claim that is about to be signed, given those that stand. The same one again is no new one.
   * @throws `claim-overlaps` when an order is in another claim that can still be carried out
   */
  keepClaim(lease: Hex, { claim, orders: members, until }: StandingClaim, standing: readonly StandingClaim[]): void {
    const alive = standing.map((each) => each.claim).filter((each) => each !== claim);
    const ids = members.map(({ order }) => order);
    this.#db.transaction((tx) => {
      const taken = tx.select().from(claimedOrders).where(inArray(claimedOrders.order, ids)).all();
      const other = taken.find((row) => alive.includes(row.claim));
      if (other) {
        throw new ProtocolError("conflict", "claim-overlaps", `Order ${other.order} is in another claim.`, {
          hint: "Propose that claim again, or leave its orders out.",
          context: { order: other.order, claim: other.claim, until: other.until },
        });
      }
      tx.delete(claimedOrders).where(inArray(claimedOrders.order, ids)).run();
      for (const { order, nonce } of members) {
        tx.insert(claimedOrders).values({ order, lease, nonce, claim, until }).run();
      }
    });
  }

  /** Before a clearing of the lease is signed: until when it may be carried out. */
  noteClearing(lease: LeaseId, until: UnixSeconds): void {
    const clearingUntil = sql`max(${vouchers.clearingUntil}, ${until})`;
    this.#db.update(vouchers).set({ clearingUntil }).where(eq(vouchers.lease, lease)).run();
  }

  /**
   * Keeps a voucher that says at least what the one before it said, or that names another count of forced orders.
   * @throws `voucher-stale`
   */
  keepVoucher({ terms, voucher, expiry, peers, receivedAt }: VoucherRecord): void {
    const { lease, perNode, upTo, forced, last } = voucher.message;
    const { signature } = voucher;
    const row = {
      perNode: perNode.toString(),
      upTo,
      forced,
      last,
      signature,
      expiry,
      receivedAt,
      peers: JSON.stringify(peers),
    };
    this.#db.transaction((tx) => {
      const held = tx.select().from(vouchers).where(eq(vouchers.lease, lease)).get();
      const says = held && { ...held, perNode: BigInt(held.perNode) };
      if (says && says.forced === forced && (says.perNode > perNode || says.upTo > upTo || (says.last && !last))) {
        throw new ProtocolError("conflict", "voucher-stale", "The node holds a voucher that says more.", {
          hint: "Sign one that says at least as much.",
          context: { lease, perNode, upTo },
        });
      }
      tx.insert(vouchers)
        .values({ lease, terms: toWire(terms), ...row })
        .onConflictDoUpdate({ target: vouchers.lease, set: row })
        .run();
    });
  }

  /** Orders that a cleared voucher covers are paid. */
  markCovered(lease: Hex, upTo: number): void {
    const covered = and(eq(orders.lease, lease), lte(orders.nonce, upTo), eq(orders.settled, false));
    this.#db.update(orders).set({ settled: true }).where(covered).run();
  }

  markSettled(settled: readonly Hex[]): void {
    if (settled.length === 0) return;
    this.#db
      .update(orders)
      .set({ settled: true })
      .where(inArray(orders.order, [...settled]))
      .run();
  }

  /** The file of `digest` is there now; `pin` keeps it for an order. */
  addBlob(digest: Digest, size: number, pin?: Pin): void {
    this.#db.transaction((tx) => {
      const usedAt = nextUse(tx);
      tx.insert(blobs)
        .values({ digest, size, usedAt })
        .onConflictDoUpdate({ target: blobs.digest, set: { usedAt } })
        .run();
      if (!pin) return;
      const { order, until } = pin;
      const keep = { until: sql`max(${pins.until}, ${until})` };
      tx.insert(pins)
        .values({ order, digest, size, until })
        .onConflictDoUpdate({ target: [pins.order, pins.digest], set: keep })
        .run();
    });
  }

  removeBlob(digest: Digest): void {
    this.#db.delete(blobs).where(eq(blobs.digest, digest)).run();
  }

  /** Deletes everything of orders that nobody will ask for again. */
  prune(pruned: readonly Hex[]): void {
    const gone = [...pruned];
    this.#db.transaction((tx) => {
      for (const table of [pins, results, attestations, peerAttestations, claimedOrders, accusations, orders]) {
        tx.delete(table).where(inArray(table.order, gone)).run();
      }
    });
  }

  /** Lets go of this very voucher; one that came meanwhile stays. */
  dropVoucher({ lease, perNode, upTo, forced, last }: Voucher): void {
    const same = and(
      eq(vouchers.perNode, perNode.toString()),
      eq(vouchers.upTo, upTo),
      eq(vouchers.forced, forced),
      eq(vouchers.last, last),
    );
    this.#db
      .delete(vouchers)
      .where(and(eq(vouchers.lease, lease), same))
      .run();
  }

  /** Deletes the vouchers of leases that expired before then. */
  pruneVouchers(expiredBefore: UnixSeconds): void {
    this.#db.delete(vouchers).where(lt(vouchers.expiry, expiredBefore)).run();
  }

  /** A higher number than ever before, also when the store was lost in between: never below the clock. */
  nextOfferSequence(now: UnixSeconds): bigint {
    return this.#db.transaction((tx) => {
      const last = tx.select().from(counters).where(eq(counters.name, "offer-sequence")).get();
      const after = BigInt(last?.value ?? "0") + 1n;
      const sequence = after > BigInt(now) ? after : BigInt(now);
      const value = sequence.toString();
      tx.insert(counters)
        .values({ name: "offer-sequence", value })
        .onConflictDoUpdate({ target: counters.name, set: { value } })
        .run();
      return sequence;
    });
  }
}

function stateOf(tx: Transaction, order: Hex): OrderState {
  const row = tx.select({ state: orders.state }).from(orders).where(eq(orders.order, order)).get();
  if (row) return row.state;
  throw new ProtocolError("not-found", "order-unknown", `There is no order ${order} here.`, {
    hint: "Submit the order first.",
    context: { order },
  });
}

function moveOrder(tx: Transaction, order: Hex, event: OrderEvent, at: UnixSeconds, problem?: Problem): OrderState {
  const state = nextOrderState(stateOf(tx, order), event);
  const change = { state, changedAt: at, ...(problem && { problem: JSON.stringify(problem) }) };
  tx.update(orders).set(change).where(eq(orders.order, order)).run();
  return state;
}

function nextUse(tx: Transaction): number {
  return (
    (tx
      .select({ last: sql<number>`coalesce(max(${blobs.usedAt}), 0)` })
      .from(blobs)
      .get()?.last ?? 0) + 1
  );
}
