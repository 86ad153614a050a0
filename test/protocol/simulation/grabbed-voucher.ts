// What a consumer signs that wants the nodes' work for less than it costs.
import type { PayerLedger } from "#protocol/payer-ledger.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import { DEPOSIT, pick } from "./cast.ts";
import type { Simulation } from "./simulation.ts";

/**
 * Over orders that are under way or not even signed, for a count of forced orders that is still to come, as the last one
 * over fewer orders than were served, or for more than the lease holds. Half of the time it is the honest one.
 */
export function grabbedVoucher(
  { random, exchange }: Simulation,
  lease: number,
  ledger: PayerLedger,
): Voucher | undefined {
  const honest = ledger.signed;
  if (ledger.lastNonce === 0 || random() < 0.5) return honest;
  const { paidPerNode, settled, upTo } = exchange.lease(lease);
  const perNode = pick(random, [
    honest?.perNode ?? paidPerNode,
    paidPerNode + BigInt(Math.floor(random() * 60)),
    paidPerNode + BigInt(Math.floor(random() * 400)),
    ...(random() < 0.1 ? [paidPerNode + DEPOSIT] : []),
  ]);
  const covered = pick(random, [
    ledger.lastNonce,
    ledger.lastNonce + 3,
    honest?.upTo ?? upTo,
    Math.max(0, (honest?.upTo ?? upTo) - 1),
    upTo,
  ]);
  const forced = settled.size + (random() < 0.2 ? 1 : 0);
  return { lease: ledger.lease, perNode, upTo: covered, forced, last: random() < 0.3 };
}
