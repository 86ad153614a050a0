// Pays the nodes that agree: at once when the whole committee has spoken, after the deadline otherwise.

import { compareNodes } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import type { Agreement } from "../check/find-agreement.ts";
import type { ClientWorld } from "../client-world.ts";
import { sleepUntil } from "../clock.ts";
import type { Settlement } from "../ledger.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import type { Attempt } from "../store/job-record.ts";

/**
 * Before the deadline the contract wants to hear everybody, dissenters too, so that nobody is cut out who is in time.
 * @throws `order-unsigned`, and the contract's refusals such as `no-quorum` by stake or `order-expired`
 */
export async function settleAttempt(
  world: ClientWorld,
  terms: LeaseTerms,
  attempt: Attempt,
  agreement: Agreement,
): Promise<Settlement> {
  const { order } = attempt;
  if (!order) throw new ProtocolError("internal", "order-unsigned", "An attempt without an order cannot be settled.");
  const { clock, signal, onProgress, ledger } = world;
  const { deadline } = order.message;
  const everybody = [...agreement.agreed, ...agreement.dissenting];
  const whole = everybody.length === terms.nodes.length;
  const intoTime = whole && clock.now() < deadline * 1_000;
  if (!intoTime && clock.now() <= deadline * 1_000) {
    onProgress({ step: "waiting", until: deadline + 1, reason: "the absent nodes may speak until the deadline" });
    await sleepUntil(clock, deadline + 1, signal);
  }
  const shown = (intoTime ? everybody : agreement.agreed)
    .map(({ attestation }) => attestation)
    .toSorted((a, b) => compareNodes(a.message.node, b.message.node));
  for (;;) {
    try {
      return await ledger.settle(terms, order, shown);
    } catch (error) {
      const lagging = error instanceof ProtocolError && error.code === "attestations-missing";
      if (!lagging || clock.now() > (deadline + CLIENT_LIMITS.chainLagSeconds) * 1_000) throw error;
      // The chain's clock is behind ours: its next block may still be before the deadline.
      await clock.sleep(1_000, signal);
    }
  }
}
