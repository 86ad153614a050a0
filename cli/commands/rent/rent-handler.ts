import { jobTerms } from "#client/job-terms.ts";
import { rentLease } from "#client/rent-lease.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../command/command.ts";
import { date, fields } from "../../command/table.ts";
import { findOffers } from "../../session/find-offers.ts";
import { openSession } from "../../session/open-session.ts";
import { showProgress } from "../../session/show-progress.ts";
import type { RentOptions } from "./rent-options.ts";

export const rentHandler: Handler<RentOptions> = async (options, context) => {
  const { settings, chain, account, lane } = await openSession(context);
  const { durationSeconds, memoryPages, committee: way } = options;
  context.progress.update("Finding nodes and opening the lease");
  const { record, transaction } = await rentLease({
    chain,
    lane,
    wallet: account,
    home: settings.home,
    ...(await findOffers(settings, options.nodes, context.signal)),
    terms: jobTerms(options.terms),
    durationSeconds,
    memoryPages,
    committee: way,
    onProgress: showProgress(context.progress),
    signal: context.signal,
  });
  const committee = record.committee.map(({ message }) => message);
  const { lease, amount, expiry } = record;
  const nodes = committee.map(({ node, owner, endpoint }) => ({ node, owner, endpoint }));
  return {
    json: { lease, amount, expiry, transaction: transaction ?? null, drawn: way === "drawn", committee: nodes },
    text: [
      fields([
        ["lease", lease],
        ["holds", formatAmount(amount)],
        ["until", `${date(expiry)} UTC`],
        ...nodes.map(({ node, owner }) => ["node", `${node} of ${owner}`] as const),
      ]),
      `Next: mimik run <microservice> --lease ${lease.slice(0, 14)}`,
    ].join("\n"),
  };
};
