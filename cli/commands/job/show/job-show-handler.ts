import { jobResultOf } from "#client/job-result.ts";
import { type ClientStore, openClientStore } from "#client/store/client-store.ts";
import { currentAttempt, type JobRecord } from "#client/store/job-record.ts";
import type { JobRow } from "#protocol/marketplace-api.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Answer, Handler } from "../../../command/command.ts";
import type { CommandContext } from "../../../command/command-context.ts";
import { date, fields } from "../../../command/table.ts";
import { jobAnswer } from "../../../session/job-answer.ts";
import { openMarketplace, settingsOf } from "../../../session/open-session.ts";
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
    return indexed(await openMarketplace(settings).job(job as `0x${string}`, { signal: context.signal }));
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

function indexed(row: JobRow): Answer {
  return {
    json: { ...row },
    text: fields([
      ["order", row.order],
      ["consumer", row.consumer],
      ["lease", row.lease],
      ["settled", `${date(row.time)} UTC in block ${row.block}, ${row.transaction}`],
      ...(row.claim ? [["claim", `${row.claim.claim}, of ${row.claim.orders} orders together`] as const] : []),
      ["paid", `${formatAmount(row.total)}${row.claim ? " for all of them" : ""}`],
      ...row.paid.map(({ owner, amount }) => ["", `${formatAmount(amount)} to ${owner}`] as const),
    ]),
  };
}
