// Shows every committed node the set of commitments and gathers what they then open.
import { LIMITS } from "#protocol/limits.ts";
import type { OrderStatus } from "#protocol/node-api.ts";
import { isFinal } from "#protocol/order-state.ts";
import type { Commitment, Signed } from "#protocol/signed-messages.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import type { Fault } from "../check/fault.ts";
import { unixSeconds } from "../clock.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import type { NodeAnswer } from "../store/job-record.ts";
import type { Member, OrderContext } from "./order-context.ts";
import { FaultError, isFault, withRetries } from "./with-retries.ts";

export interface GatheredAnswers {
  /** In the committee's order, as received: none is checked yet. */
  readonly answers: readonly NodeAnswer[];
  readonly faults: readonly Fault[];
}

/** Asks until the order's deadline, after which no honest node attests, but long enough to read what was attested. */
export async function gatherAttestations(
  context: OrderContext,
  commitments: readonly Signed<Commitment>[],
): Promise<GatheredAnswers> {
  const committed = new Set(commitments.map(({ message }) => message.node));
  const members = context.members.filter(({ offer }) => committed.has(offer.node));
  const now = unixSeconds(context.clock);
  const until = Math.max(context.submission.order.message.deadline, now + CLIENT_LIMITS.rereadSeconds);
  const results = await Promise.all(members.map((member) => answerOf(context, member, commitments, until)));
  return {
    answers: results.flatMap((result) => (isFault(result) ? [] : result)),
    faults: results.flatMap((result) => (isFault(result) ? result : [])),
  };
}

async function answerOf(
  context: OrderContext,
  { offer, client }: Member,
  commitments: readonly Signed<Commitment>[],
  until: UnixSeconds,
): Promise<NodeAnswer | Fault> {
  const { clock, signal, orderId, submission, onProgress } = context;
  const result = await withRetries(
    async (stepSignal) => {
      const { token } = submission;
      let status = await client.sendCommitments(
        orderId,
        token,
        { commitments: [...commitments] },
        { signal: stepSignal },
      );
      while (status.state !== "attested") {
        if (isFinal(status.state)) throw new FaultError(gaveUp(offer.node, status));
        const after = status.state;
        const wait = { after, waitSeconds: LIMITS.revealSeconds, signal: stepSignal };
        status = await client.orderStatus(orderId, token, wait);
        if (status.state === after) await clock.sleep(CLIENT_LIMITS.retryMillisMin, stepSignal);
      }
      return openedBy(offer.node, status);
    },
    // A node whose clock is behind refuses a partial set until its own `commitUntil`.
    { clock, signal, until, node: offer.node, mayLift: isConflict },
  );
  onProgress(isFault(result) ? { step: "fault", fault: result } : { step: "attested", node: offer.node });
  return result;
}

function openedBy(node: NodeId, { attestation, salt, receipts }: OrderStatus): NodeAnswer {
  if (attestation && salt && receipts && receipts.length > 0) return { attestation, salt, receipts };
  throw new FaultError({
    node,
    reason: "receipts-malformed",
    detail: "It calls the order attested and opens nothing.",
  });
}

function isConflict({ category }: { readonly category: string }): boolean {
  return category === "conflict";
}

function gaveUp(node: NodeId, status: OrderStatus): Fault {
  return { node, reason: "failed", detail: status.problem?.detail.slice(0, 1_000) ?? `It is ${status.state}.` };
}
