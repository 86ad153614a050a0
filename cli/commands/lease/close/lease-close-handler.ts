import { type ClosedLease, closeEndedLeases } from "#client/lease/close-leases.ts";
import { type EndingLease, endLease } from "#client/lease/end-lease.ts";
import { openWorld } from "#client/run-jobs.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { date, short } from "../../../command/table.ts";
import { openSession } from "../../../session/open-session.ts";
import type { LeaseCloseOptions } from "./lease-close-options.ts";

export const leaseCloseHandler: Handler<LeaseCloseOptions> = async ({ lease }, context) => {
  const { settings, chain, lane } = await openSession(context);
  context.progress.update("Closing leases");
  const { marketplace, home } = settings;
  const world = await openWorld({ chain, lane, home, marketplace, signal: context.signal });
  const done = lease
    ? [await endLease(world, await world.store.lease(lease))]
    : await closeEndedLeases(world.ledger, world.store);
  const closed = done.filter((each) => "refund" in each);
  const ending = done.filter((each) => "refusals" in each);
  return {
    json: { closed, ending },
    text: [...closed.map(closedLine), ...ending.map(endingLines)].join("\n") || NOTHING,
  };
};

const NOTHING = "No lease has ended yet. See mimik lease list; a rented one is ended before its time by its id.";

function closedLine({ lease, refund, transaction }: ClosedLease): string {
  return `${lease}: ${formatAmount(refund)} came back ${transaction ? `in ${transaction}` : "with the nodes' clearing"}`;
}

function endingLines({ lease, refusals, closableFrom }: EndingLease): string {
  const known = refusals.map(({ node, code, detail }) => `  ${node ? short(node) : ""} ${code}: ${detail}`);
  return [
    `${lease}: takes no more orders; its remainder is not back yet.`,
    ...known,
    `  Run mimik lease close ${lease.slice(0, 14)} again, at the latest after ${date(closableFrom)} UTC.`,
  ].join("\n");
}
