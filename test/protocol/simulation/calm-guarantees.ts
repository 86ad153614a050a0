// What must hold where everybody is honest and every message arrives: the cheapest way is taken, and nobody pays for
// another one. Whoever pays by vouchers has nothing forced, and has its remainder back before the lease's time is over.
import { GRACE_SECONDS, LEASE_EXPIRY } from "./cast.ts";
import type { Simulation } from "./simulation.ts";

export function* calmFaults({ exchange, cast, witness }: Simulation): Generator<string> {
  for (const [lease, { settled, closedAt, upTo }] of exchange.leases.entries()) {
    const isEnded = closedAt < LEASE_EXPIRY + GRACE_SECONDS || cast.kind === "waiting";
    if (!isEnded) yield `lease ${lease} is not ended by its last voucher`;
    if (cast.kind === "stuck") continue;
    const forced = [...settled.values()].filter(({ sender }) => sender !== "somebody");
    for (const { order, by } of forced) yield `order ${order.nonce} of lease ${lease} is paid by ${by}`;
    for (const { nonce } of witness.ordersOf(lease)) {
      if (nonce > upTo && !settled.has(nonce)) yield `order ${nonce} of lease ${lease} is not paid`;
    }
  }
}
