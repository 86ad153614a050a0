// What a caller gets for a settled job: the answers, who agreed on them, and who was paid.
import type { Address, Hex } from "viem";
import { concat, hexToBytes } from "viem";
import type { CheckWay } from "#protocol/answer-check.ts";
import { digestOf } from "#protocol/digest.ts";
import { decodeResponse, type ResponseMessage } from "#protocol/message.ts";
import type { Receipt } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Attestation, Signed } from "#protocol/signed-messages.ts";
import { type Amount, type Digest, digestToBytes32, type NodeId } from "#protocol/units.ts";
import type { Usage } from "#protocol/usage.ts";
import type { Fault } from "./check/fault.ts";
import { agreedAnswerOf } from "./job/agreed-answer.ts";
import type { Assurance } from "./job-terms.ts";
import { totalUsage } from "./quote/quote.ts";
import type { ClientStore } from "./store/client-store.ts";
import {
  type Attempt,
  currentAttempt,
  type JobRecord,
  type VoucherPayment,
  type VoucherRefusal,
} from "./store/job-record.ts";

export interface JobResult {
  /** The order's id: names the job on chain and in every index. */
  readonly job: Hex;
  /** The job's name on this machine. */
  readonly name: string;
  readonly lease: Hex;
  readonly image: Digest;
  readonly responses: readonly ResponseMessage[];
  readonly receipts: readonly Receipt[];
  /** Digest of the encoded response; of several jobs, of their responses' digests one after the other. */
  readonly answerDigest: Digest;
  readonly usage: Usage;
  readonly committee: readonly { node: NodeId; owner: Address; endpoint: string }[];
  /** Of the nodes that agreed; of a published answer those that were shown, if any. */
  readonly attestations: readonly Signed<Attestation>[];
  readonly agreed: readonly NodeId[];
  readonly dissenting: readonly Fault[];
  /** Jobs whose answer and bill were compared before anybody was paid, and with what. */
  readonly checked: { readonly by: "quote" | CheckWay; readonly jobs: readonly number[] };
  /** Where a confidence was wanted. */
  readonly assurance?: Assurance;
  /** The transaction in which the answer stands, where no node gave it. */
  readonly publishedIn: Hex | null;
  readonly payment: JobPayment;
  /** Null where a voucher pays. */
  readonly settlementTransaction: Hex | null;
  /** Why a voucher did not pay, where one was meant to. */
  readonly voucherRefusals: readonly VoucherRefusal[];
  /** What each owner was paid, or may have with the voucher. */
  readonly paid: readonly { owner: Address; amount: Amount }[];
}

/** How the nodes are paid: with the lease's voucher `amount` each for the order `nonce`, or by a transaction. */
export type JobPayment =
  | ({ readonly kind: "voucher"; readonly lease: Hex } & VoucherPayment)
  | { readonly kind: "settlement"; readonly transaction: Hex };

/** The result of a settled job, from its stored record alone. @throws `job-unfinished`, `response-lost` */
export async function jobResultOf(store: Pick<ClientStore, "blob">, record: JobRecord): Promise<JobResult> {
  const attempt = currentAttempt(record);
  const { order, orderId, responses, published, settlement } = attempt;
  const payment = record.state === "settled" ? paymentOf(attempt) : undefined;
  if (!order || !orderId || !responses || !payment) throw unfinished(record);
  const committee = attempt.committee.map(({ message }) => message);
  const answer = await agreedAnswerOf(record);
  if (!answer) throw unfinished(record);
  const { receipts, agreed, attestations } = answer;
  return {
    job: orderId,
    name: record.name,
    lease: attempt.lease,
    image: record.image,
    responses: await Promise.all(responses.map((digest) => readResponse(store, digest))),
    receipts,
    answerDigest: answerDigestOf(responses),
    usage: totalUsage(receipts.map(({ usage }) => usage)),
    committee: committee.map(({ node, owner, endpoint }) => ({ node, owner, endpoint })),
    attestations,
    agreed,
    dissenting: attempt.faults.filter(({ node }) => !agreed.includes(node)),
    checked: checkedIn(record),
    ...(record.terms.assurance && { assurance: record.terms.assurance }),
    payment,
    settlementTransaction: settlement?.transaction ?? null,
    publishedIn: published ? (settlement?.transaction ?? null) : null,
    voucherRefusals: attempt.voucherRefusals,
    paid: paidBy(attempt),
  };
}

function checkedIn(record: JobRecord): JobResult["checked"] {
  const every = record.specs.map((_, index) => index);
  // Its nodes had themselves paid before.
  if (currentAttempt(record).published) return { by: "self", jobs: [] };
  if (record.quoted) return { by: "quote", jobs: every };
  if (record.duplicateOf) return { by: "committee", jobs: every };
  const { check } = currentAttempt(record);
  return check ? { by: check.by, jobs: check.jobs } : { by: "self", jobs: [] };
}

/** A settlement counts more than a voucher that it made void. */
function paymentOf({ settlement, voucher, lease }: Attempt): JobPayment | undefined {
  if (settlement) return { kind: "settlement", transaction: settlement.transaction };
  return voucher ? { kind: "voucher", lease, ...voucher } : undefined;
}

/** What each owner of the attempt's nodes gets for it, base units. */
export function paidBy({ settlement, voucher, committee }: Attempt): JobResult["paid"] {
  if (settlement) return settlement.payments.map(({ owner, amount }) => ({ owner, amount }));
  return voucher ? committee.map(({ message: { owner } }) => ({ owner, amount: voucher.amount })) : [];
}

/** One digest for the answers of a job, or of several in their order. */
export function answerDigestOf(responses: readonly Digest[]): Digest {
  const [first] = responses;
  if (first !== undefined && responses.length === 1) return first;
  return digestOf(hexToBytes(concat(responses.map(digestToBytes32))));
}

async function readResponse(store: Pick<ClientStore, "blob">, digest: Digest): Promise<ResponseMessage> {
  const bytes = await store.blob(digest);
  if (bytes) return decodeResponse(bytes);
  throw new ProtocolError("not-found", "response-lost", `Response ${digest} is no longer kept here.`, {
    hint: "The job is paid; its files were removed from this machine.",
    context: { digest },
  });
}

function unfinished({ name, state }: JobRecord): ProtocolError {
  return new ProtocolError("conflict", "job-unfinished", `Job ${name} is ${state} and has no settled answer.`, {
    hint: state === "open" ? `Run mimik job resume ${name}.` : "Run it again.",
    context: { name, state },
  });
}
