// The next nonce of a lease, noted before an order with it is signed.
import type { UnixSeconds } from "#protocol/units.ts";
import type { ClientWorld } from "../client-world.ts";
import type { Attempt } from "../store/job-record.ts";
import { paysByVoucher, withNewOrder } from "../vouchers/payer-account.ts";
import { changePayer } from "../vouchers/read-payer.ts";

/** Nobody gets it again. @throws `lease-unknown`, `lease-ended` after the last voucher, `ledger-full` */
export async function takeNonce(
  world: ClientWorld,
  { lease, maxPrice }: Pick<Attempt, "lease" | "maxPrice">,
  { job, deadline }: { readonly job: string; readonly deadline: UnixSeconds },
): Promise<number> {
  const { store, ledger } = world;
  if (!paysByVoucher(await store.lease(lease))) {
    return (await store.changeLease(lease, (record) => ({ ...record, orders: record.orders + 1 }))).orders;
  }
  const { graceSeconds } = ledger;
  return (await changePayer(world, lease, (record) => withNewOrder(record, { job, maxPrice, deadline, graceSeconds })))
    .orders;
}
