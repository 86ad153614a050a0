// A settled job as an answer: the response on standard output, the bill on standard error, everything in JSON.
import type { JobResult } from "#client/job-result.ts";
import type { ResponseMessage } from "#protocol/message.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Answer } from "../command/command.ts";
import type { CommandContext } from "../command/command-context.ts";
import { fields } from "../command/table.ts";

/** Exit code of a microservice that itself failed, although its nodes agreed on that. */
const JOB_FAILED = 10;

export function jobAnswer({ io, json, progress }: CommandContext, result: JobResult): Answer {
  progress.stop();
  if (!json) io.err(`${billOf(result)}\n`);
  const failed = result.receipts.some(({ outcome }) => outcome !== "ok");
  return {
    json: { ...result, responses: result.responses.map(jsonResponse) },
    text: textOf(result.responses),
    ...(failed && { exitCode: JOB_FAILED }),
  };
}

/** The bodies alone. */
export function textOf(responses: readonly ResponseMessage[]): string {
  return responses.map(({ body }) => new TextDecoder().decode(body).replace(/\n$/, "")).join("\n");
}

function billOf(result: JobResult): string {
  const { usage, paid, agreed, committee, dissenting, receipts } = result;
  const total = paid.reduce((sum, { amount }) => sum + amount, 0n);
  const statuses = result.responses.map(({ status }) => status).join(", ");
  const outcomes = [...new Set(receipts.map(({ outcome }) => outcome))].join(", ");
  return fields([
    ["job", result.job],
    ["outcome", `${outcomes}, status ${statuses}`],
    ["agreed", `${agreed.length} of ${committee.length} nodes`],
    ["checked", checkedHow(result)],
    ...dissenting.map(({ node, reason, detail }) => ["not paid", `${node} ${reason}: ${detail}`] as const),
    ...(result.publishedIn ? [["answer", `read from ${result.publishedIn}, as no node gave it`] as const] : []),
    ["usage", `${usage.fuel} fuel, ${usage.memoryPages} pages, ${usage.bytesIn} bytes in, ${usage.bytesOut} bytes out`],
    ...result.voucherRefusals.map(
      ({ node, code, detail }) => ["no voucher", `${node ?? ""} ${code}: ${detail}`] as const,
    ),
    ["paid", `${formatAmount(total)} ${paidHow(result)}`],
    ...paid.map(({ owner, amount }) => ["", `${formatAmount(amount)} to ${owner}`] as const),
  ]);
}

function checkedHow({ checked: { by, jobs }, receipts }: JobResult): string {
  if (jobs.length === 0) return "no job of this order";
  const whose = { quote: "the quote's own run", self: "a run here", committee: "another committee" }[by];
  return `${jobs.length} of ${receipts.length} ${receipts.length === 1 ? "job" : "jobs"}, as ${whose}`;
}

function paidHow({ payment }: JobResult): string {
  if (payment.kind === "settlement") return `in ${payment.transaction}`;
  return `by the voucher of lease ${payment.lease.slice(0, 14)}, order ${payment.nonce}${payment.handed ? "" : ", when those before it are done"}`;
}

/** Text where the body is text, base64 where it is not. */
export function jsonResponse({ status, headers, body }: ResponseMessage): Record<string, unknown> {
  try {
    return { status, headers, body: new TextDecoder("utf-8", { fatal: true }).decode(body) };
  } catch {
    return { status, headers, bodyBase64: Buffer.from(body).toString("base64") };
  }
}
