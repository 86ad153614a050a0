// What an attempt does before it orders in a rented lease: it pays what the lease owes from earlier orders, so that its
// nodes go on serving.
import { ProtocolError } from "#protocol/protocol-error.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import { currentAttempt } from "../store/job-record.ts";
import { payLease } from "../vouchers/pay-lease.ts";
import { paysByVoucher } from "../vouchers/payer-account.ts";
import type { Step } from "./attempt-steps.ts";

/** A node that does not take the voucher now may still take the order. */
export const payBefore: Step = async (world, record) => {
  const attempt = currentAttempt(record);
  if (attempt.order) return record;
  const lease = await world.store.lease(attempt.lease);
  if (!paysByVoucher(lease)) return record;
  try {
    await payLease(world, lease, CLIENT_LIMITS.voucherSecondsMin);
  } catch (error) {
    world.signal.throwIfAborted();
    if (!(error instanceof ProtocolError)) throw error;
  }
  return record;
};
