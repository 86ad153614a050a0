import { jobResultOf } from "#client/job-result.ts";
import { readPublished } from "#client/settle/read-published.ts";
import { type ClientStore, openClientStore } from "#client/store/client-store.ts";
import { currentAttempt, type JobRecord } from "#client/store/job-record.ts";
import type { JobRow } from "#protocol/marketplace-api.ts";
import { decodeResponse, type ResponseMessage } from "#protocol/message.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { PublishedResult } from "#protocol/publication.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Answer, Handler } from "../../../command/command.ts";
import type { CommandContext } from "../../../command/command-context.ts";
import { date, fields } from "../../../command/table.ts";
import { jobAnswer, jsonResponse, textOf } from "../../../session/job-answer.ts";
import { openChain } from "../../../session/open-chain.ts";
import { openMarketplace, settingsOf } from "../../../session/open-session.ts";
import type { Settings } from "../../../settings/settings.ts";
import type { JobShowOptions } from "./job-show-options.ts";

export const jobShowHandler: Handler<JobShowOptions> = async ({ job, answer }, context) => {
  const settings = await settingsOf(context);
  const store = await openClientStore(settings.home);
  try {
    const record = await store.job(job);
    return record.state === "settled" ? await settled(store, record, answer, context) : unsettled(record);
  } catch (error) {
    // Not a job of this machine: a marketplace may know it by its order's whole id.
    const foreign = error instanceof ProtocolError && error.code === "job-unknown" && /^0x[0-9a-f]{64}$/.test(job);
    if (!foreign || !settings.marketplace) throw error;
    const row = await openMarketplace(settings).job(job as `0x${string}`, { signal: context.signal });
    return indexed(row, await publishedWith(settings, row, context.signal), answer);
  }
};

async function settled(
  store: ClientStore,
  record: JobRecord,
  answerOnly: boolean,
  context: CommandContext,
): Promise<Answer> {
  const result = await jobResultOf(store, record);
  const answer = jobAnswer({ ...context, json: context.json || answerOnly }, result);
  return { json: { state: record.state, ...answer.json }, text: answer.text };
}

function unsettled(record: JobRecord): Answer {
  const attempt = currentAttempt(record);
  const { name, state, title, failure, createdAt } = record;
  const { orderId: order, lease, faults, committee } = attempt;
  const nodes = committee.map(({ message: { node, owner, endpoint } }) => ({ node, owner, endpoint }));
  return {
    json: { name, state, title, order, lease, committee: nodes, faults, failure, createdAt },
    text: fields([
      ["job", name],
      ["order", order ?? "none yet"],
      ["lease", lease],
      ["microservice", title],
      ["begun", `${date(createdAt)} UTC`],
      ["state", failure ? `${state}: ${failure.detail}` : `${state}: go on with mimik job resume ${name}`],
      ...faults.map(({ node, reason, detail }) => ["fault", `${node} ${reason}: ${detail}`] as const),
    ]),
  };
}

interface Published {
  readonly result?: Pick<PublishedResult, "receipts"> & { readonly responses: readonly ResponseMessage[] };
  /** Why there is none. */
  readonly problem?: ProtocolError;
}

/** What the nodes published with the call that paid them, by what the chain itself says. */
async function publishedWith(settings: Settings, row: JobRow, signal: AbortSignal): Promise<Published> {
  try {
    const chain = await openChain(settings, signal);
    const { receipts, responses } = await readPublished(chain, row.transaction, row.order);
    return { result: { receipts, responses: responses.map(decodeResponse) } };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProtocolError) return { problem: error };
    throw error;
  }
}

function indexed(row: JobRow, { result, problem }: Published, answerOnly: boolean): Answer {
  if (answerOnly && problem) throw problem;
  const published = result && { ...result, responses: result.responses.map(jsonResponse) };
  const outcomes = result?.receipts.map(({ outcome }) => outcome).join(", ");
  const json = { ...row, published: published ?? null, unpublished: problem?.code ?? null };
  if (answerOnly && result) return { json, text: textOf(result.responses) };
  return {
    json,
    text: fields([
      ["order", row.order],
      ["consumer", row.consumer],
      ["lease", row.lease],
      ["settled", `${date(row.time)} UTC in block ${row.block}, ${row.transaction}`],
      ...(row.claim ? [["claim", `${row.claim.claim}, of ${row.claim.orders} orders together`] as const] : []),
      ["paid", `${formatAmount(row.total)}${row.claim ? " for all of them" : ""}`],
      ...row.paid.map(({ owner, amount }) => ["", `${formatAmount(amount)} to ${owner}`] as const),
      ["published", outcomes ? `its result, ${outcomes}: print it with --answer` : `nothing: ${problem?.message}`],
    ]),
  };
}
