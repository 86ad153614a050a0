// The last step of an attempt: the answer is kept, then whoever agreed on it is paid, by the lease's voucher or, where
// that will not do, by settling the order.
import type { Hex } from "viem";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Agreement } from "../check/find-agreement.ts";
import type { ClientWorld } from "../client-world.ts";
import { unixSeconds } from "../clock.ts";
import { CLIENT_LIMITS } from "../limits.ts";
import { fetchResponses } from "../order/fetch-responses.ts";
import { settleAttempt } from "../settle/settle-attempt.ts";
import { type Attempt, currentAttempt, type JobRecord, withAttempt } from "../store/job-record.ts";
import { handVouchers, signNext } from "../vouchers/hand-voucher.ts";
import { handForOrder, noteAnswer, voucherPaymentOf } from "../vouchers/pay-by-voucher.ts";
import { paysByVoucher } from "../vouchers/payer-account.ts";
import { orderContextOf, type Step, saved } from "./attempt-steps.ts";
import type { CheckAnswers } from "./check-attempt.ts";
import { agreementOf } from "./check-context.ts";
import { noQuorum } from "./no-quorum.ts";

/**
 * The quorum's answers are checked, its responses are stored, then it is paid.
 * @throws `no-quorum`, `response-withheld`, the contract's refusals, and what `check` throws
 */
export function ensurePayment(check: CheckAnswers): Step {
  return async (world, record) => {
    const agreement = await agreementOf(record);
    const marked = withAttempt(record, { faults: [...agreement.faults] });
    if (!agreement.quorum) {
      // Whose commitment is not in the set that was shown cannot attest.
      const committed = currentAttempt(record).commitments?.length ?? 0;
      const silent = committed - agreement.agreed.length - agreement.dissenting.length;
      throw await noQuorum(world, await saved(world, marked), agreement.agreed.length, silent);
    }
    world.onProgress({ step: "agreed", nodes: agreement.agreed.map(({ attestation }) => attestation.message.node) });
    const checked = await check(world, marked, agreement);
    const answered = await saved(world, await keepResponses(world, checked, agreement));
    const offered = await payInLease(world, answered, agreement);
    if (offered.state === "settled") return offered;
    const settled = await settle(world, offered, agreement);
    await handAnew(world, currentAttempt(settled));
    return settled;
  };
}

/**
 * The settled record when every node of the committee agrees and takes the voucher. Otherwise an open one, in which it
 * stands that the order is to be settled: a resume must not try both.
 */
async function payInLease(world: ClientWorld, record: JobRecord, { agreed }: Agreement): Promise<JobRecord> {
  const attempt = currentAttempt(record);
  const { order, voucherRefusals } = attempt;
  const lease = await world.store.lease(attempt.lease);
  const isWhole = agreed.length === lease.terms.nodes.length;
  if (!order || !isWhole || !paysByVoucher(lease) || voucherRefusals.length > 0) return record;

  const payment = voucherPaymentOf(order.message, agreed);
  const meant = await saved(world, withAttempt(record, { voucher: payment }));
  const payer = await noteAnswer(world, attempt, payment, agreed);
  if (!payer) return meant;
  const isCleared = payment.nonce <= payer.payer.cleared.upTo;
  const { refusals, isPending } = isCleared ? NOTHING_TO_HAND : await handForOrder(world, attempt, order.message);
  if (refusals.length > 0) {
    for (const refusal of refusals) world.onProgress({ step: "voucher-refused", refusal });
    return saved(world, withAttempt(meant, { voucherRefusals: [...refusals] }));
  }
  world.onProgress({ step: "voucher", lease: attempt.lease, ...payment });
  const paid = withAttempt(meant, { voucher: { ...payment, handed: !isPending } });
  return saved(world, { ...paid, state: "settled" });
}

const NOTHING_TO_HAND = { refusals: [], isPending: false };

async function settle(world: ClientWorld, record: JobRecord, agreement: Agreement): Promise<JobRecord> {
  const attempt = currentAttempt(record);
  const lease = await world.store.lease(attempt.lease);
  try {
    const { transaction, payments } = await settleAttempt(world, lease.terms, attempt, agreement);
    world.onProgress({ step: "settled", transaction });
    const settlement = { transaction, payments: [...payments] };
    const settled = await saved(world, { ...withAttempt(record, { settlement }), state: "settled" });
    return settled;
  } catch (error) {
    // The nodes that had taken the voucher were quicker.
    const isCovered = error instanceof ProtocolError && error.code === "nonce-covered";
    if (!isCovered) throw error;
    const { voucher } = attempt;
    if (!voucher) throw error;
    world.onProgress({ step: "voucher", lease: attempt.lease, ...voucher });
    const paid = withAttempt(record, { voucher: { ...voucher, handed: true } });
    return saved(world, { ...paid, state: "settled" });
  }
}

/**
 * Settles the order of a job whose voucher did not reach every node. Its answers are in the record.
 * @returns undefined when another command works on the job, its file is gone, or its order is paid already
 * @throws the contract's refusals
 */
export async function settleCovered(world: ClientWorld, name: string): Promise<Hex | undefined> {
  try {
    using _lock = await world.store.lockJob(name);
    const record = await world.store.job(name);
    if (currentAttempt(record).settlement) return undefined;
    const settled = await settle(world, record, await agreementOf(record));
    return currentAttempt(settled).settlement?.transaction;
  } catch (error) {
    // Of a job whose file is gone there are no attestations to show.
    const isOut = error instanceof ProtocolError && ["job-in-progress", "job-unknown"].includes(error.code);
    if (isOut) return undefined;
    throw error;
  }
}

/**
 * A settlement voids the voucher that stood; what is still owed beside the settled order gets another one. A node that
 * does not take it now gets it with the lease's next order.
 */
export async function handAnew(world: ClientWorld, { lease, committee }: Attempt): Promise<void> {
  if (!paysByVoucher(await world.store.lease(lease))) return;
  try {
    await signNext(world, lease);
    await handVouchers(world, lease, committee, unixSeconds(world.clock) + CLIENT_LIMITS.voucherSecondsMin);
  } catch (error) {
    world.signal.throwIfAborted();
    if (!(error instanceof ProtocolError)) throw error;
  }
}

async function keepResponses(world: ClientWorld, record: JobRecord, { agreed }: Agreement): Promise<JobRecord> {
  const attempt = currentAttempt(record);
  const receipts = agreed[0]?.receipts;
  if (attempt.responses || !receipts) return record;
  const nodes = agreed.map(({ attestation }) => attestation.message.node);
  const context = await orderContextOf(world, record);
  const responses = await fetchResponses(context, nodes, receipts, world.store.blob);
  for (const response of responses) await world.store.saveBlob(response);
  return withAttempt(record, { responses: receipts.map(({ response }) => response) });
}
