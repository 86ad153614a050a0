// The next nonce of a lease, noted before an order with it is signed.
import type { UnixSeconds } from "#protocol/units.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import type { Attempt } from "../store/job-record.ts";
import { handVouchers, signNext } from "../vouchers/hand-voucher.ts";
import { lackingNodes, paysByVoucher, withNewOrder } from "../vouchers/payer-account.ts";
import { changePayer } from "../vouchers/read-payer.ts";

/**
 * Brings nodes the voucher that they lack from earlier orders, so that they go on serving. A node that does not take it
 * now may still take the order.
 * @throws as readPayer
 */
export async function handWhatLacks(world: ClientWorld, { lease, committee }: Pick<Attempt, "lease" | "committee">) {
  if (!paysByVoucher(await world.store.lease(lease))) return;
  const record = await signNext(world, lease);
  if (lackingNodes(record).length === 0) return;
  await handVouchers(world, lease, committee, unixSeconds(world.clock) + CLIENT_LIMITS.voucherSecondsMin);
}

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
