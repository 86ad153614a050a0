// Pays for one checked order by its lease's voucher, when every node takes it in time. Whoever calls this settles the
// order otherwise: a voucher pays the whole committee, and only with the whole committee's signatures.
import { concat } from "viem";
import { leafHash } from "#protocol/merkle-tree.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { JobOrder } from "#protocol/signed-messages.ts";
import type { UnixSeconds } from "#protocol/units.ts";
import { voucherPrice } from "#protocol/voucher-price.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import type { Attempt, NodeAnswer, VoucherPayment, VoucherRefusal } from "../store/job-record.ts";
import { handVouchers } from "./hand-voucher.ts";
import {
  type CheckedAnswer,
  isCovered,
  lackingNodes,
  type PayerLease,
  standingOf,
  withAnswer,
  withNextVoucher,
} from "./payer-account.ts";
import { changePayer, payerLease, readPayer } from "./read-payer.ts";

/** What the voucher adds for the order: the same for every node. */
export function voucherPaymentOf(order: JobOrder, agreed: readonly NodeAnswer[]): VoucherPayment {
  const prices = agreed.map(({ attestation }) => attestation.message.price);
  return { nonce: order.nonce, amount: voucherPrice(prices, order.maxPrice), handed: false };
}

/**
 * Notes the answer and stores the voucher that covers it, both before anything is signed.
 * @param agreed answers of the whole committee, all alike
 * @returns the lease, or undefined when the order is forced, or too old to be paid by a voucher
 * @throws as readPayer
 */
export async function noteAnswer(
  world: ClientWorld,
  { lease, orderId }: Pick<Attempt, "lease" | "orderId">,
  payment: VoucherPayment,
  agreed: readonly NodeAnswer[],
): Promise<PayerLease | undefined> {
  const [first] = agreed;
  if (!orderId || !first) return undefined;
  const answer: CheckedAnswer = {
    nonce: payment.nonce,
    price: payment.amount,
    leaf: leafHash(concat([orderId, first.attestation.message.resultHash])),
    attestations: agreed.map(({ attestation }) => attestation),
  };
  let isLost = false;
  const record = await readPayer(world, lease, (latest) => {
    const standing = standingOf(latest, answer.nonce);
    isLost =
      standing === "forced" || standing === "void" || (standing === undefined && !isCovered(latest, answer.nonce));
    return isLost || standing === undefined ? latest : withNextVoucher(withAnswer(latest, answer));
  });
  return isLost ? undefined : record;
}

export interface HandedVoucher {
  /** Why the order is not paid so; then it is to be settled. */
  readonly refusals: readonly VoucherRefusal[];
  /** Another command works on an order before it, and will hand out the voucher that covers both. */
  readonly isPending: boolean;
}

/** Waits until the voucher covers the order, which takes the orders before it, and hands it to every node. */
export async function handForOrder(
  world: ClientWorld,
  { lease, committee }: Pick<Attempt, "lease" | "committee">,
  { nonce, deadline }: Pick<JobOrder, "nonce" | "deadline">,
): Promise<HandedVoucher> {
  const until = handUntil(world, deadline);
  for (;;) {
    const cover = await waitForCover(world, lease, nonce, until);
    if (cover === "pending") return { refusals: [], isPending: true };
    if (cover === "open") {
      const detail = `An order before ${nonce} is still open, and no voucher may pass over it.`;
      return { refusals: [{ node: null, code: "order-open", detail }], isPending: false };
    }
    const refusals = await handVouchers(world, lease, committee, until);
    // Another process may have settled an order meanwhile, which makes another voucher of it.
    const record = await payerLease(world, lease);
    const isPaid = isCovered(record, nonce) && lackingNodes(record).length === 0;
    if (isPaid || refusals.length > 0) return { refusals, isPending: false };
  }
}

/** Well before the deadline, so that the order can still be settled in time, but long enough for one try. */
function handUntil({ clock }: ClientWorld, deadline: UnixSeconds): UnixSeconds {
  const now = unixSeconds(clock);
  const { voucherSeconds, voucherSecondsMin, voucherMarginSeconds } = CLIENT_LIMITS;
  return Math.max(now + voucherSecondsMin, Math.min(now + voucherSeconds, deadline - voucherMarginSeconds));
}

/** Orders before it may be under way in other processes: whoever checks the last one of them stores the voucher. */
async function waitForCover(
  world: ClientWorld,
  lease: string,
  nonce: number,
  until: UnixSeconds,
): Promise<"covered" | "pending" | "open"> {
  const { clock, signal } = world;
  const patience = clock.now() + CLIENT_LIMITS.voucherSecondsMin * 1_000;
  for (;;) {
    const record = await changePayer(world, lease, (latest) => withNextVoucher(latest));
    if (isCovered(record, nonce)) return "covered";
    if (clock.now() >= patience && (await isUnderWay(world, record))) return "pending";
    if (clock.now() >= until * 1_000) return "open";
    await clock.sleep(CLIENT_LIMITS.coverMillis, signal);
  }
}

/** Whether somebody works on the first order that is open: its job's lock ends with its process. */
async function isUnderWay({ store }: ClientWorld, { payer }: PayerLease): Promise<boolean> {
  const first = payer.orders.find(({ standing }) => standing === "open");
  const work = payer.works.find(({ nonce }) => nonce === first?.nonce);
  if (!work) return false;
  try {
    (await store.lockJob(work.job))[Symbol.dispose]();
    return false;
  } catch (error) {
    if (error instanceof ProtocolError && error.code === "job-in-progress") return true;
    throw error;
  }
}
