// The one failure that money depends on: too few nodes agree. It says who failed how and when the funds come back.
import { quorumCount } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { closableFrom } from "../lease/close-leases.ts";
import { currentAttempt, type JobRecord } from "../store/job-record.ts";

/**
 * One that time may heal while the nodes that said nothing here may agree among themselves and force their payment.
 * @param agreeing nodes that got as far as to agree, or to commit
 * @param silent nodes that may have a result which is not known here
 */
export async function noQuorum(
  world: ClientWorld,
  record: JobRecord,
  agreeing: number,
  silent: number,
): Promise<ProtocolError> {
  const attempt = currentAttempt(record);
  const size = attempt.committee.length;
  const needed = quorumCount(record.terms.quorumBps, size);
  const forcibleUntil = (attempt.order?.message.deadline ?? 0) + world.ledger.graceSeconds;
  const mayBeForced = agreeing + silent >= needed && unixSeconds(world.clock) <= forcibleUntil;
  const { expiry, use } = await world.store.lease(attempt.lease);
  const refundableFrom = closableFrom(expiry, world.ledger.graceSeconds);
  const name = attempt.orderId ?? record.name;
  const until = new Date(forcibleUntil * 1_000).toISOString();
  const back = use === "job" ? "The funds come back after" : "The rented lease keeps its funds until";
  return new ProtocolError(
    "job-failed",
    "no-quorum",
    `No quorum for order ${name}: ${agreeing} of ${size} nodes agree, ${needed} are needed. ${mayBeForced ? `Until ${until} the nodes may still have themselves paid.` : "Nobody is paid."}`,
    {
      hint: mayBeForced
        ? "Wait until then: with what nodes have themselves paid for they publish the result, if it is small."
        : `${back} ${new Date(refundableFrom * 1_000).toISOString()}: run mimik lease close then.`,
      context: {
        order: attempt.orderId,
        lease: attempt.lease,
        agreeing,
        needed,
        refundableFrom,
        faults: attempt.faults.map(({ node, reason, detail }) => `${node} ${reason}: ${detail}`),
      },
      retryable: mayBeForced,
    },
  );
}
