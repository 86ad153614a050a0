import { paidBy } from "#client/job-result.ts";
import { openClientStore } from "#client/store/client-store.ts";
import { currentAttempt, type JobRecord } from "#client/store/job-record.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Answer, Handler } from "../../../command/command.ts";
import type { CommandContext } from "../../../command/command-context.ts";
import { nextPage } from "../../../command/list-flags.ts";
import { date, short, table } from "../../../command/table.ts";
import { openMarketplace, settingsOf } from "../../../session/open-session.ts";
import type { JobListOptions } from "./job-list-options.ts";

export const jobListHandler: Handler<JobListOptions> = (options, context) =>
  options.all ? listMarket(options, context) : listOwn(options, context);

async function listOwn({ limit }: JobListOptions, context: CommandContext): Promise<Answer> {
  const { home } = await settingsOf(context);
  const jobs = (await (await openClientStore(home)).jobs()).slice(0, limit).map(rowOf);
  return {
    json: { jobs },
    text: table(
      ["job", "order", "time (UTC)", "microservice", "state", "paid"].map((title) => ({
        title,
        right: title === "paid",
      })),
      jobs.map((job) => [
        job.name,
        job.order ? short(job.order) : "-",
        date(job.createdAt),
        job.title,
        job.failure ? `${job.state}: ${job.failure}` : job.state,
        job.paid === null ? "-" : formatAmount(job.paid),
      ]),
      "No job was run from this machine yet. Start with mimik run.",
    ),
  };
}

function rowOf(record: JobRecord) {
  const { name, createdAt, title, state, failure } = record;
  const attempt = currentAttempt(record);
  const { orderId: order, lease } = attempt;
  const paid = state === "settled" ? paidBy(attempt).reduce((sum, { amount }) => sum + amount, 0n) : null;
  return { name, order, lease, createdAt, title, state, failure: failure?.code ?? null, paid };
}

async function listMarket({ limit, cursor }: JobListOptions, context: CommandContext): Promise<Answer> {
  const page = await openMarketplace(await settingsOf(context)).jobs({ limit, cursor, signal: context.signal });
  return {
    json: { jobs: page.rows, next: page.next },
    text:
      table(
        ["order", "consumer", "time (UTC)", "nodes", "paid", "for orders", "transaction"].map((title) => ({
          title,
          right: title === "nodes" || title === "paid" || title === "for orders",
        })),
        page.rows.map((row) => [
          short(row.order),
          short(row.consumer),
          date(row.time),
          String(row.paid.length),
          formatAmount(row.total),
          String(row.claim?.orders ?? 1),
          short(row.transaction),
        ]),
        "No job was settled yet.",
      ) + nextPage("mimik job list --all", page.next),
  };
}
