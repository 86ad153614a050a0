// Everything that is read from the store. Whoever holds a reader cannot write.
import { and, asc, count, desc, eq, gt, gte, inArray, isNull, lte, sql } from "drizzle-orm";
import type { Hex } from "viem";
import type { OrderState } from "#protocol/order-state.ts";
import type { Attestation, Signed } from "#protocol/signed-messages.ts";
import type { Amount, Digest, LeaseId, NodeId, UnixSeconds } from "#protocol/units.ts";
import type { NodeDatabase } from "./node-database.ts";
import * as records from "./order-record.ts";
import { attestations, blobs, claimedOrders, orders, peerAttestations, pins, results, vouchers } from "./schema.ts";

/** States in which an order can still move. */
export const LIVE_STATES = ["waiting", "queued", "running", "committed"] as const satisfies readonly OrderState[];

/** One order that was attested and so may be paid. */
export interface EarningLine {
  readonly order: Hex;
  readonly lease: Hex;
  readonly nonce: number;
  /** What the node asked, base units; the contract pays at most that. */
  readonly price: Amount;
  readonly deadline: UnixSeconds;
  readonly settled: boolean;
}

export class StoreReader {
  readonly #db: NodeDatabase;

  constructor(db: NodeDatabase) {
    this.#db = db;
  }

  order(order: Hex): records.OrderRecord | undefined {
    const row = this.#db.select().from(orders).where(eq(orders.order, order)).get();
    return row && records.orderRecord(row);
  }

  orderOfNonce(lease: Hex, nonce: number): Hex | undefined {
    const found = and(eq(orders.lease, lease), eq(orders.nonce, nonce));
    return this.#db.select({ order: orders.order }).from(orders).where(found).get()?.order;
  }

  work(order: Hex): records.OrderWork | undefined {
    const columns = { submission: orders.submission, rates: orders.rates };
    const row = this.#db.select(columns).from(orders).where(eq(orders.order, order)).get();
    return row && records.orderWork(row);
  }

  result(order: Hex): records.ResultRecord | undefined {
    const row = this.#db.select().from(results).where(eq(results.order, order)).get();
    return row && records.resultRecord(row);
  }

  attestation(order: Hex): records.AttestationRecord | undefined {
    const row = this.#db.select().from(attestations).where(eq(attestations.order, order)).get();
    return row && records.attestationRecord(row);
  }

  /** Orders that can still move, oldest first. */
  liveOrders(): { order: Hex; state: OrderState; deadline: UnixSeconds }[] {
    return this.#db
      .select({ order: orders.order, state: orders.state, deadline: orders.deadline })
      .from(orders)
      .where(inArray(orders.state, [...LIVE_STATES]))
      .orderBy(asc(orders.acceptedAt))
      .all();
  }

  firstQueued(): Hex | undefined {
    const queued = this.#db.select({ order: orders.order }).from(orders).where(eq(orders.state, "queued"));
    return queued.orderBy(asc(orders.acceptedAt), asc(orders.nonce)).limit(1).get()?.order;
  }

  countLive(lease?: Hex): number {
    const live = inArray(orders.state, [...LIVE_STATES]);
    const where = lease === undefined ? live : and(live, eq(orders.lease, lease));
    return this.#db.select({ count: count() }).from(orders).where(where).get()?.count ?? 0;
  }

  countByState(): { state: OrderState; count: number }[] {
    return this.#db.select({ state: orders.state, count: count() }).from(orders).groupBy(orders.state).all();
  }

  /** Orders of a lease that may still be charged to it: not known to be settled, and `until` not passed. */
  unpaidOrders(lease: Hex, deadlineAfter: UnixSeconds): { order: Hex; nonce: number; maxPrice: Amount }[] {
    const rows = this.#db
      .select({ order: orders.order, nonce: orders.nonce, maxPrice: orders.maxPrice })
      .from(orders)
      .where(
        and(
          eq(orders.lease, lease),
          eq(orders.settled, false),
          gt(orders.deadline, deadlineAfter),
          inArray(orders.state, [...LIVE_STATES, "attested"]),
        ),
      )
      .orderBy(asc(orders.acceptedAt));
    return rows.all().map((row) => ({ ...row, maxPrice: BigInt(row.maxPrice) }));
  }

  /** Orders of a lease above a nonce that are under way or attested: what a voucher may have to pay. */
  leaseOrders(lease: Hex, above: number): records.LeaseOrder[] {
    const { order, nonce, state, deadline, maxPrice, settled } = orders;
    const { price, resultHash } = attestations;
    const columns = { order, nonce, state, deadline, maxPrice, settled, price, resultHash };
    const rows = this.#db
      .select(columns)
      .from(orders)
      .leftJoin(attestations, eq(attestations.order, orders.order))
      .where(and(eq(orders.lease, lease), gt(nonce, above), inArray(state, [...LIVE_STATES, "attested"])))
      .orderBy(asc(nonce))
      .all();
    return rows.map(({ price, resultHash, maxPrice, ...row }) => ({
      ...row,
      maxPrice: BigInt(maxPrice),
      attested: price !== null && resultHash !== null ? { price: BigInt(price), resultHash } : undefined,
    }));
  }

  voucher(lease: Hex): records.VoucherRecord | undefined {
    const row = this.#db
      .select()
      .from(vouchers)
      .where(eq(vouchers.lease, lease as LeaseId))
      .get();
    return row && records.voucherRecord(row);
  }

  /** Vouchers by lease, from the one after `after` on, so that a reader goes round all of them. */
  vouchers(after: Hex, limit: number): records.VoucherRecord[] {
    const rest = this.#db
      .select()
      .from(vouchers)
      .where(gt(vouchers.lease, after as LeaseId));
    return rest.orderBy(asc(vouchers.lease)).limit(limit).all().map(records.voucherRecord);
  }

  /** Until when a clearing of the lease that the node signed may be carried out, Unix seconds; 0 when it signed none. */
  clearingUntil(lease: Hex): UnixSeconds {
    const found = eq(vouchers.lease, lease as LeaseId);
    return this.#db.select({ until: vouchers.clearingUntil }).from(vouchers).where(found).get()?.until ?? 0;
  }

  /** What the other nodes attested for an order. */
  peerAttestations(order: Hex): Signed<Attestation>[] {
    const rows = this.#db.select().from(peerAttestations).where(eq(peerAttestations.order, order));
    return rows.orderBy(asc(peerAttestations.node)).all().map(records.peerAttestation);
  }

  /**
   * Leases, from the one after `after` on, with an attested order of a deadline from then on that is not known to be
   * paid, or for which some other node attested another result.
   */
  leasesToRescue(after: Hex, deadlineFrom: UnixSeconds, limit: number): Hex[] {
    const attested = and(gt(orders.lease, after), eq(orders.state, "attested"), gte(orders.deadline, deadlineFrom));
    const unpaid = this.#db
      .selectDistinct({ lease: orders.lease })
      .from(orders)
      .where(and(attested, eq(orders.settled, false)));
    const dissent = this.#db
      .selectDistinct({ lease: orders.lease })
      .from(peerAttestations)
      .innerJoin(orders, eq(orders.order, peerAttestations.order))
      .where(and(attested, eq(peerAttestations.dissents, true)));
    // The next of either kind, so that no number of one kind keeps the other from being looked at.
    const leases = [unpaid, dissent].flatMap((query) => query.orderBy(asc(orders.lease)).limit(limit).all());
    return [...new Set(leases.map(({ lease }) => lease))].sort().slice(0, limit);
  }

  /** The lease's attested orders with a deadline from then on, the first deadlines first. */
  attestedOrders(lease: Hex, deadlineFrom: UnixSeconds, limit: number): records.AttestedOrder[] {
    const { order, nonce, deadline, changedAt: attestedAt, settled, maxPrice, submission } = orders;
    const { price, resultHash } = attestations;
    const rows = this.#db
      .select({
        ...{ order, nonce, deadline, attestedAt, settled, maxPrice, price, resultHash },
        forceFee: sql<string>`json_extract(${submission}, '$.order.message.forceFee')`,
        quorumBps: sql<number>`json_extract(${submission}, '$.order.message.quorumBps')`,
        nodes: sql<string>`json_extract(${submission}, '$.lease.nodes')`,
      })
      .from(orders)
      .innerJoin(attestations, eq(attestations.order, order))
      .where(and(eq(orders.lease, lease), eq(orders.state, "attested"), gte(deadline, deadlineFrom)));
    return rows
      .orderBy(asc(deadline), asc(nonce))
      .limit(limit)
      .all()
      .map((row) => ({
        ...row,
        maxPrice: BigInt(row.maxPrice),
        price: BigInt(row.price),
        forceFee: BigInt(row.forceFee),
        nodes: JSON.parse(row.nodes) as NodeId[],
      }));
  }

  /** Claims of the lease that the node signed and that can still be carried out, as far as it knows. */
  standingClaims(lease: Hex, now: UnixSeconds): records.StandingClaim[] {
    const { order, nonce, claim, until } = claimedOrders;
    const rows = this.#db
      .select({ order, nonce, claim, until, settled: orders.settled })
      .from(claimedOrders)
      .leftJoin(orders, eq(orders.order, order))
      .where(eq(claimedOrders.lease, lease))
      .orderBy(asc(nonce))
      .all();
    return [...Map.groupBy(rows, (row) => row.claim)]
      .filter(([, members]) => members.every(({ settled, until }) => settled === false && until >= now))
      .map(([claim, members]) => ({
        claim,
        orders: members.map(({ order, nonce }) => ({ order, nonce })),
        until: members[0]?.until ?? 0,
      }));
  }

  /** Newest first. */
  earningLines(limit: number): EarningLine[] {
    const rows = this.#db
      .select({
        order: orders.order,
        lease: orders.lease,
        nonce: orders.nonce,
        price: attestations.price,
        deadline: orders.deadline,
        settled: orders.settled,
      })
      .from(attestations)
      .innerJoin(orders, eq(orders.order, attestations.order))
      .where(eq(orders.state, "attested"))
      .orderBy(desc(orders.changedAt))
      .limit(limit);
    return rows.all().map((row) => ({ ...row, price: BigInt(row.price) }));
  }

  /** Blobs that `order` declared and the store lacks. */
  missing(order: Hex): Digest[] {
    return this.#db
      .select({ digest: pins.digest })
      .from(pins)
      .leftJoin(blobs, eq(blobs.digest, pins.digest))
      .where(and(eq(pins.order, order), isNull(blobs.digest)))
      .orderBy(asc(pins.digest))
      .all()
      .map(({ digest }) => digest);
  }

  /** Size that `order` declared for `digest`; undefined when it declared no such blob. */
  declaredSize(order: Hex, digest: Digest): number | undefined {
    const found = and(eq(pins.order, order), eq(pins.digest, digest));
    return this.#db.select({ size: pins.size }).from(pins).where(found).get()?.size;
  }

  /** Orders that wait for blobs, `digest` among them. */
  waitingFor(digest: Digest): Hex[] {
    return this.#db
      .select({ order: orders.order })
      .from(pins)
      .innerJoin(orders, eq(orders.order, pins.order))
      .where(and(eq(pins.digest, digest), eq(orders.state, "waiting")))
      .all()
      .map(({ order }) => order);
  }

  hasBlob(digest: Digest): boolean {
    return this.#db.select({ size: blobs.size }).from(blobs).where(eq(blobs.digest, digest)).get() !== undefined;
  }

  /** Bytes that are on the disk, and bytes that orders hold a claim to. */
  blobBytes(now: UnixSeconds): { stored: number; pinned: number } {
    const stored = this.#db
      .select({ sum: sql<number>`coalesce(sum(${blobs.size}), 0)` })
      .from(blobs)
      .get();
    const claimed = this.#db.selectDistinct({ digest: pins.digest, size: pins.size }).from(pins);
    const distinct = claimed.where(gt(pins.until, now)).as("claimed");
    const pinned = this.#db
      .select({ sum: sql<number>`coalesce(sum(${distinct.size}), 0)` })
      .from(distinct)
      .get();
    const promised = this.#db
      .select({ sum: sql<number>`coalesce(sum(${orders.responseBytes}), 0)` })
      .from(orders)
      .where(inArray(orders.state, ["waiting", "queued", "running"]))
      .get();
    return { stored: stored?.sum ?? 0, pinned: (pinned?.sum ?? 0) + (promised?.sum ?? 0) };
  }

  /** Blobs that no order needs any more, the longest unused first. */
  evictable(now: UnixSeconds, limit: number): { digest: Digest; size: number }[] {
    return this.#db
      .select({ digest: blobs.digest, size: blobs.size })
      .from(blobs)
      .leftJoin(pins, and(eq(pins.digest, blobs.digest), gt(pins.until, now)))
      .where(isNull(pins.digest))
      .orderBy(asc(blobs.usedAt))
      .limit(limit)
      .all();
  }

  /** Orders whose record is no longer needed. */
  expiredRecords(deadlineBefore: UnixSeconds, limit: number): Hex[] {
    const old = this.#db.select({ order: orders.order }).from(orders).where(lte(orders.deadline, deadlineBefore));
    return old
      .limit(limit)
      .all()
      .map(({ order }) => order);
  }
}
