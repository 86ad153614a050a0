import { closeEndedLeases, closeLease } from "#client/lease/close-leases.ts";
import { openWorld } from "#client/run-jobs.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { openSession } from "../../../session/open-session.ts";
import type { LeaseCloseOptions } from "./lease-close-options.ts";

export const leaseCloseHandler: Handler<LeaseCloseOptions> = async ({ lease }, context) => {
  const { settings, chain, lane } = await openSession(context);
  context.progress.update("Closing leases");
  const { ledger, store } = await openWorld({ chain, lane, home: settings.home, signal: context.signal });
  const closed = lease
    ? [await closeLease(ledger, store, await store.lease(lease))]
    : await closeEndedLeases(ledger, store);
  const lines = closed.map((row) => `${row.lease}: ${formatAmount(row.refund)} came back in ${row.transaction}`);
  return { json: { closed }, text: lines.join("\n") || "No lease has ended yet. See mimik lease list." };
};
