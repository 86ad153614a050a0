// From a stranger's submission to an order in the store, or to the first reason why not.
import { createHash, timingSafeEqual } from "node:crypto";
import type { Hex } from "viem";
import type { OrderSubmission } from "#protocol/node-api.ts";
import { refuseToServe } from "#protocol/payee-ledger.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { signingHash, verifySignature } from "#protocol/signing.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { KeptSubmission, OrderRecord } from "../store/order-record.ts";
import { payeeLedgerOf } from "../vouchers/payee-view.ts";
import { type NodeFacts, refuseMessage, refuseOrder } from "./acceptance-rules.ts";
import type { LeaseFacts } from "./chain-view.ts";
import type { OrderParts } from "./order-parts.ts";

/**
 * Accepts the order and stores it. The same order again is no new one.
 * @throws the first refusal of `acceptance-rules`, `voucher-missing` past the credit, `token-invalid` when the order is here under another token,
 * `chain-unreachable`
 */
export async function acceptOrder(parts: OrderParts, submission: OrderSubmission): Promise<Hex> {
  const { token, ...kept } = submission;
  const order = signingHash(parts.domain, "JobOrder", kept.order.message);
  const known = parts.reader.order(order);
  if (known) {
    requireToken(known, token);
    return order;
  }
  const signatureProblem = await signatureProblemOf(parts, kept);
  const refused = refuseMessage(kept, nodeFacts(parts, kept, signatureProblem, 0));
  if (refused) throw refused;

  const { lease, nonce } = kept.order.message;
  const grace = await parts.chain.graceSeconds();
  // In this order: what is settled in between is missing from the lease and still counted, never the other way round.
  await noteSettled(parts, lease, grace);
  const [nonceSettled, facts] = [await parts.chain.isOrderSettled(lease, nonce), await parts.chain.readLease(lease)];

  // From here to the store nothing waits, so that no other order comes between the rules and the row.
  const again = parts.reader.order(order);
  if (again) {
    requireToken(again, token);
    return order;
  }
  if (facts) parts.writer.markCovered(lease, facts.upTo);
  const refusal =
    refuseOrder(kept, nodeFacts(parts, kept, signatureProblem, grace), { lease: facts, nonceSettled }) ??
    (facts && refuseUnpaid(parts, kept, facts, grace));
  if (refusal) throw refusal;
  parts.writer.acceptOrder({
    order,
    submission: kept,
    rates: parts.terms.rates,
    tokenHash: hashToken(token),
    acceptedAt: parts.now(),
    pinUntil: kept.order.message.deadline,
  });
  parts.log.info({ order, lease, jobs: kept.jobs.length }, "order accepted");
  return order;
}

/** @throws `token-invalid` */
export function requireToken(record: OrderRecord, token: string | undefined): void {
  const given = Buffer.from(hashToken(token ?? ""), "hex");
  if (timingSafeEqual(given, Buffer.from(record.tokenHash, "hex"))) return;
  throw new ProtocolError("unauthorized", "token-invalid", "The token does not open this order.", {
    hint: "Send the order's own token as Authorization: Bearer.",
    context: { order: record.order },
  });
}

/** Looks up which orders of the lease were paid, so that they are counted no longer. @throws `chain-unreachable` */
export async function noteSettled(parts: OrderParts, lease: Hex, graceSeconds: number): Promise<void> {
  const unpaid = parts.reader.unpaidOrders(lease, parts.now() - graceSeconds).slice(0, NODE_LIMITS.settlementLookups);
  const paid = await Promise.all(unpaid.map(({ nonce }) => parts.chain.isOrderSettled(lease, nonce)));
  parts.writer.markSettled(unpaid.filter((_order, index) => paid[index]).map(({ order }) => order));
}

/** Whether the node has served enough for nothing, or holds a voucher that covers the order already. */
function refuseUnpaid(parts: OrderParts, { lease: terms, order }: KeptSubmission, facts: LeaseFacts, grace: number) {
  const { lease, nonce } = order.message;
  const sight = { lease, committee: terms.nodes.length, facts, graceSeconds: grace, now: parts.now() };
  return refuseToServe(payeeLedgerOf(parts.reader, sight), nonce, parts.terms.credit);
}

async function signatureProblemOf(parts: OrderParts, { lease, order }: KeptSubmission) {
  try {
    await verifySignature(parts.domain, "JobOrder", order, lease.sessionKey);
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

function nodeFacts(
  parts: OrderParts,
  submission: KeptSubmission,
  signatureProblem: ProtocolError | undefined,
  graceSeconds: number,
): NodeFacts {
  const { reader, terms } = parts;
  const { lease, nonce } = submission.order.message;
  const now = parts.now();
  const unpaid = reader.unpaidOrders(lease, now - graceSeconds);
  return {
    node: parts.node,
    now,
    signatureProblem,
    rates: terms.rates,
    memoryPages: terms.memoryPages,
    nonceTaken: reader.orderOfNonce(lease, nonce) !== undefined,
    promised: unpaid.reduce((sum, { maxPrice }) => sum + maxPrice, 0n),
    liveOrders: reader.countLive(),
    liveOrdersMax: terms.queueOrders,
    liveOrdersOfLease: reader.countLive(lease),
    freeBlobBytes: Math.max(0, terms.blobBytes - reader.blobBytes(now).pinned),
  };
}

function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
