// Sends an order to its committee and gathers the commitments: all of them, or after `commitUntil` what there is.

import { LIMITS } from "#protocol/limits.ts";
import type { OrderStatus } from "#protocol/node-api.ts";
import { commitUntil } from "#protocol/order.ts";
import { isFinal } from "#protocol/order-state.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Commitment, Signed } from "#protocol/signed-messages.ts";
import { verifySignature } from "#protocol/signing.ts";
import type { Digest, NodeId, UnixSeconds } from "#protocol/units.ts";
import type { Fault } from "../check/fault.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import type { Member, OrderContext } from "./order-context.ts";
import { FaultError, isFault, withRetries } from "./with-retries.ts";

export interface GatheredCommitments {
  /** In the committee's order, each verified. */
  readonly commitments: readonly Signed<Commitment>[];
  readonly faults: readonly Fault[];
}

export async function gatherCommitments(context: OrderContext): Promise<GatheredCommitments> {
  const until = commitUntil(context.submission.order.message);
  const results = await Promise.all(context.members.map((member) => commitmentOf(context, member, until)));
  return {
    commitments: results.flatMap((result) => (isFault(result) ? [] : result)),
    faults: results.flatMap((result) => (isFault(result) ? result : [])),
  };
}

async function commitmentOf(
  context: OrderContext,
  member: Member,
  until: UnixSeconds,
): Promise<Signed<Commitment> | Fault> {
  const { clock, signal, onProgress } = context;
  const node = member.offer.node;
  // A node whose chain endpoint is behind ours does not know the lease yet.
  const mayLift = ({ code }: ProtocolError) => code === "lease-not-live";
  const options = { clock, signal, until, node, mayLift };
  const result = await withRetries((stepSignal) => converse(context, member, until, stepSignal), options);
  onProgress(isFault(result) ? { step: "fault", fault: result } : { step: "committed", node });
  return result;
}

/** From the submission to a verified commitment, over as many polls as it takes. */
async function converse(
  context: OrderContext,
  { offer, client }: Member,
  until: UnixSeconds,
  signal: AbortSignal,
): Promise<Signed<Commitment>> {
  const { orderId, clock } = context;
  const { token } = context.submission;
  const sent = new Set<Digest>();
  let status = await submit(context, { offer, client }, signal);
  for (;;) {
    if (status.commitment) return await verified(context, offer.node, status.commitment);
    if (isFinal(status.state)) throw new FaultError(gaveUp(offer.node, status));
    if (status.missing.length > 0) {
      status = await sendMissing(context, { offer, client }, status, sent, signal);
      continue;
    }
    const after = status.state;
    const left = Math.floor(until - clock.now() / 1_000);
    const waitSeconds = Math.max(1, Math.min(LIMITS.pollSeconds, left));
    status = await client.orderStatus(orderId, token, { after, waitSeconds, signal });
    // A node that does not hold the poll must not make us ask without pause.
    if (status.state === after) await clock.sleep(CLIENT_LIMITS.retryMillisMin, signal);
  }
}

/** A node past its credit gets the voucher that it lacks, and the order again. */
async function submit(
  { submission, handVoucher }: OrderContext,
  { offer, client }: Member,
  signal: AbortSignal,
): Promise<OrderStatus> {
  try {
    return await client.submitOrder(submission, { signal });
  } catch (error) {
    if (!handVoucher || !(error instanceof ProtocolError && error.code === "voucher-missing")) throw error;
    await handVoucher(offer.node, signal);
    return await client.submitOrder(submission, { signal });
  }
}

/** Every blob goes to a node once a conversation: a node that asks again is not storing what it takes. */
async function sendMissing(
  { orderId, submission, blob }: OrderContext,
  { offer, client }: Member,
  status: OrderStatus,
  sent: Set<Digest>,
  signal: AbortSignal,
): Promise<OrderStatus> {
  let latest = status;
  const declared = new Set(submission.blobs.map(({ digest }) => digest));
  for (const digest of status.missing) {
    // Another order may have brought it meanwhile.
    if (!latest.missing.includes(digest)) continue;
    if (!declared.has(digest) || sent.has(digest)) {
      throw new FaultError({ node: offer.node, reason: "refused", detail: `It asks for ${digest} without need.` });
    }
    sent.add(digest);
    latest = await client.sendBlob(orderId, submission.token, digest, await blob(digest), { signal });
  }
  return latest;
}

async function verified(
  { domain, orderId }: OrderContext,
  node: NodeId,
  commitment: Signed<Commitment>,
): Promise<Signed<Commitment>> {
  const { message } = commitment;
  const own = message.order === orderId && message.node === node;
  const signed =
    own &&
    (await verifySignature(domain, "Commitment", commitment, node).then(
      () => true,
      () => false,
    ));
  if (signed) return commitment;
  const detail = own ? "Its commitment is signed by another key." : "Its commitment is for another order or node.";
  throw new FaultError({ node, reason: "signature-invalid", detail });
}

function gaveUp(node: NodeId, status: OrderStatus): Fault {
  const why = status.problem ? `${status.problem.code}: ${status.problem.detail}` : `It is ${status.state}.`;
  return { node, reason: "failed", detail: why.slice(0, 1_000) };
}
