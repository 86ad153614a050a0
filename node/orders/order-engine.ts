// Drives every order of the node by the table of protocol/order-state.ts: events come from consumers, runs and the
// clock; the store moves the states; nothing is done that a restart would not do again.
import type { Hex } from "viem";
import type { CommitmentSet, OrderStatus, OrderSubmission } from "#protocol/node-api.ts";
import { nextOrderState, type OrderEvent, type OrderState } from "#protocol/order-state.ts";
import { type Problem, ProtocolError, toProblem } from "#protocol/protocol-error.ts";
import type { Commitment, Signed } from "#protocol/signed-messages.ts";
import type { Digest } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { OrderRecord } from "../store/order-record.ts";
import { acceptOrder, requireToken } from "./accept-order.ts";
import type { OrderParts } from "./order-parts.ts";
import { orderStatusOf } from "./order-status.ts";
import { OrderWatch } from "./order-watch.ts";
import { runOrder } from "./run-order.ts";
import { signAttestation, signCommitment } from "./sign-order.ts";
import { SlotPool } from "./slot-pool.ts";

export interface PollOptions {
  /** Wait while the order is in this state. */
  readonly after?: OrderState | undefined;
  readonly waitSeconds: number;
  readonly signal: AbortSignal;
}

export class OrderEngine {
  readonly slots: SlotPool;
  readonly #parts: OrderParts;
  readonly #watch = new OrderWatch();
  readonly #running = new Map<Hex, AbortController>();
  readonly #deadlines = new Map<Hex, NodeJS.Timeout>();
  readonly #runs = new Set<Promise<void>>();
  #stopped = false;
  #prunedAt = 0;

  /** `onSlots` is called whenever a slot is taken or freed. */
  constructor(parts: OrderParts, onSlots: () => void = () => {}) {
    this.#parts = parts;
    this.slots = new SlotPool(parts.terms.slots, onSlots);
  }

  /** Takes up what the store holds: whatever ran is queued again, whatever is late expires. */
  resume(): void {
    const { reader, writer, now } = this.#parts;
    this.#prune();
    for (const { order, deadline } of reader.liveOrders()) {
      writer.move(order, "restart", now());
      this.#expireAt(order, deadline);
      this.#queueIfComplete(order);
    }
    this.#startQueued();
  }

  async submit(submission: OrderSubmission): Promise<OrderStatus> {
    if (this.#stopped) throw stopping();
    this.#prune();
    const order = await acceptOrder(this.#parts, submission);
    const record = this.#record(order);
    if (!this.#deadlines.has(order)) this.#expireAt(order, record.deadline);
    this.#queueIfComplete(order);
    this.#startQueued();
    return this.#status(order);
  }

  /** Takes a blob that the order declared. @throws `blob-undeclared`, and as `BlobStore.receive` */
  async addBlob(order: Hex, token: string | undefined, digest: Digest, body: AsyncIterable<Uint8Array>) {
    const { reader, blobs } = this.#parts;
    const record = this.#authorized(order, token);
    const size = reader.declaredSize(order, digest);
    if (size === undefined || record.state !== "waiting") {
      if (size !== undefined || reader.hasBlob(digest)) return this.#status(order);
      throw new ProtocolError("invalid", "blob-undeclared", `The order does not name the blob ${digest}.`, {
        hint: "Send only what the node's status lists as missing.",
        context: { digest },
      });
    }
    if (!reader.hasBlob(digest)) await blobs.receive(digest, size, body);
    for (const waiting of reader.waitingFor(digest)) this.#queueIfComplete(waiting);
    this.#startQueued();
    return this.#status(order);
  }

  async poll(order: Hex, token: string | undefined, { after, waitSeconds, signal }: PollOptions): Promise<OrderStatus> {
    const { state } = this.#authorized(order, token);
    if (state === after && waitSeconds > 0) await this.#watch.change(order, waitSeconds * 1_000, signal);
    return this.#status(order);
  }

  async attest(order: Hex, token: string | undefined, set: CommitmentSet): Promise<OrderStatus> {
    this.#authorized(order, token);
    await this.attestForPeer(order, set.commitments);
    return this.#status(order);
  }

  /** Attests for commitments that another node of the committee was shown. @throws as `signAttestation` */
  async attestForPeer(order: Hex, commitments: readonly Signed<Commitment>[]): Promise<void> {
    const before = this.#record(order);
    await signAttestation(this.#parts, order, commitments);
    if (before.state !== "attested") this.#moved(order, "attested");
  }

  cancel(order: Hex, token: string | undefined): OrderStatus {
    this.#authorized(order, token);
    this.#move(order, "cancel", cancelled());
    return this.#status(order);
  }

  /** The encoded response of the job at `index`. @throws `order-state` before the attestation, `job-unknown` */
  async response(order: Hex, token: string | undefined, index: number): Promise<Uint8Array> {
    const { state } = this.#authorized(order, token);
    if (state !== "attested") throw notOpen(order, state);
    const receipt = this.#parts.reader.result(order)?.receipts[index];
    if (receipt) return this.#parts.blobs.read(receipt.response);
    throw new ProtocolError("not-found", "job-unknown", `The order has no job ${index}.`, {
      hint: "Count jobs from 0.",
      context: { index },
    });
  }

  /** Ends every run and every wait. What ran is queued again at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#deadlines.values()) clearTimeout(timer);
    this.#deadlines.clear();
    for (const abort of this.#running.values()) abort.abort(stopping());
    this.#watch.close();
    await Promise.allSettled(this.#runs);
  }

  #startQueued(): void {
    while (!this.#stopped && this.#running.size < this.slots.total) {
      const order = this.#parts.reader.firstQueued();
      if (order === undefined) return;
      this.#move(order, "start");
      const run = this.#run(order).finally(() => {
        this.#runs.delete(run);
        this.#guard(order, () => this.#startQueued());
      });
      this.#runs.add(run);
    }
  }

  async #run(order: Hex): Promise<void> {
    const { reader, writer, log } = this.#parts;
    const abort = new AbortController();
    this.#running.set(order, abort);
    try {
      const work = reader.work(order);
      if (!work) throw new ProtocolError("internal", "order-lost", `The order ${order} is not in the store.`);
      // A result that is stored may have been signed for: it stands, whatever a second run would say.
      if (!reader.result(order)) {
        const result = await runOrder(this.#parts, { order, work, slots: this.slots, signal: abort.signal });
        abort.signal.throwIfAborted();
        writer.storeResult(order, result);
      }
      await signCommitment(this.#parts, order);
      this.#moved(order, "committed");
    } catch (error) {
      if (abort.signal.aborted) return;
      log.warn({ order, err: error }, "order failed");
      this.#guard(order, () => this.#move(order, "fail", toProblem(error)));
    } finally {
      this.#running.delete(order);
    }
  }

  #queueIfComplete(order: Hex): void {
    const { reader } = this.#parts;
    if (reader.order(order)?.state === "waiting" && reader.missing(order).length === 0) {
      this.#move(order, "blobs-complete");
    }
  }

  #expireAt(order: Hex, deadline: number): void {
    // One second more: until then the chain's clock may still be at the deadline itself.
    const millis = Math.max(0, (deadline + 1 - this.#parts.now()) * 1_000);
    const timer = setTimeout(() => this.#guard(order, () => this.#expire(order)), millis);
    this.#deadlines.set(order, timer.unref());
  }

  #expire(order: Hex): void {
    const record = this.#parts.reader.order(order);
    this.#deadlines.delete(order);
    if (!record) return;
    if (this.#parts.now() > record.deadline) this.#move(order, "deadline", expired());
    else this.#expireAt(order, record.deadline);
  }

  /** Where no caller waits for the outcome: a store that fails must not end the daemon. */
  #guard(order: Hex, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#parts.log.error({ order, err: error }, "the order could not be moved");
    }
  }

  #prune(): void {
    const { reader, writer, now } = this.#parts;
    if (now() - this.#prunedAt < NODE_LIMITS.pruneSeconds) return;
    this.#prunedAt = now();
    writer.prune(reader.expiredRecords(now() - NODE_LIMITS.recordSeconds, NODE_LIMITS.pruneRows));
    writer.pruneVouchers(now() - NODE_LIMITS.recordSeconds);
  }

  /** Moves an order if the table lets it: a move that lost a race to another is none. */
  #move(order: Hex, event: Exclude<OrderEvent, "commit" | "attest">, problem?: Problem): void {
    const { state } = this.#record(order);
    const next = nextOrderState(state, event);
    if (next === state && event === "deadline") return;
    this.#parts.writer.move(order, event, this.#parts.now(), problem);
    if (next === "failed" || next === "expired" || next === "cancelled") this.#running.get(order)?.abort();
    this.#moved(order, next);
  }

  #moved(order: Hex, state: OrderState): void {
    this.#parts.log.info({ order, state }, "order moved");
    if (state !== "waiting" && state !== "queued" && state !== "running" && state !== "committed") {
      clearTimeout(this.#deadlines.get(order));
      this.#deadlines.delete(order);
    }
    this.#watch.moved(order);
  }

  #status(order: Hex): OrderStatus {
    return orderStatusOf(this.#parts.reader, this.#parts.node, this.#record(order));
  }

  #authorized(order: Hex, token: string | undefined): OrderRecord {
    const record = this.#record(order);
    requireToken(record, token);
    return record;
  }

  #record(order: Hex): OrderRecord {
    const record = this.#parts.reader.order(order);
    if (record) return record;
    throw new ProtocolError("not-found", "order-unknown", `There is no order ${order} here.`, {
      hint: "Submit the order first.",
      context: { order },
    });
  }
}

function notOpen(order: Hex, state: OrderState): ProtocolError {
  return new ProtocolError("conflict", "order-state", `The answer of an order that is ${state} is not open.`, {
    hint: "Send the committee's commitments first.",
    context: { order, state },
  });
}

function stopping(): ProtocolError {
  return new ProtocolError("busy", "node-stopping", "The node is stopping.", { hint: "Use another node." });
}

function cancelled(): Problem {
  return toProblem(new ProtocolError("cancelled", "order-cancelled", "The consumer withdrew the order."));
}

function expired(): Problem {
  return toProblem(
    new ProtocolError("timeout", "order-expired", "The order's deadline passed before its attestation.", {
      hint: "Send the work again with a later deadline.",
      retryable: false,
    }),
  );
}
