// What must hold where everybody is honest and every message arrives: the cheapest way is taken, and nobody pays for
// another one. Whoever pays by vouchers has nothing forced, and has its remainder back before the lease's time is over.
import { GRACE_SECONDS, LEASE_EXPIRY } from "./cast.ts";
import type { Simulation } from "./simulation.ts";

/** Where nodes are honest and hear each other, whatever their consumer does: together is cheaper than alone. */
export function* claimFaults({ exchange, cast, witness }: Simulation): Generator<string> {
  const isQuiet = cast.lostPercent + cast.crashesPerMille + cast.meddlePercent === 0;
  if (!isQuiet || cast.nodes.some((part) => part !== "honest")) return;
  for (const [lease, { settled }] of exchange.leases.entries()) {
    for (const { order, by, at } of settled.values()) {
      const isWhole = witness.attestations.get(order.id)?.length === exchange.committeeOf(lease).length;
      const isLate = at > order.deadline + GRACE_SECONDS / 2;
      if (by === "settle" && isWhole && isLate) yield `order ${order.nonce} of lease ${lease} is forced, not claimed`;
    }
  }
}

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
