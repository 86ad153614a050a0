import { openWorld } from "#client/run-jobs.ts";
import { type PaidLease, payingLeases, payLease } from "#client/vouchers/pay-lease.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { short } from "../../../command/table.ts";
import { openSession } from "../../../session/open-session.ts";
import type { LeasePayOptions } from "./lease-pay-options.ts";

export const leasePayHandler: Handler<LeasePayOptions> = async ({ lease }, context) => {
  const { settings, chain, lane } = await openSession(context);
  context.progress.update("Handing vouchers over");
  const { marketplace, home } = settings;
  const world = await openWorld({ chain, lane, home, marketplace, signal: context.signal });
  const owing = lease ? [await world.store.lease(lease)] : await payingLeases(world);
  const leases: PaidLease[] = [];
  for (const record of owing) leases.push(await payLease(world, record));
  return {
    json: { leases },
    text: leases.map(linesOf).join("\n") || "No rented lease is open. mimik rent opens one.",
  };
};

function linesOf({ lease, perNode, upTo, clearedPerNode, refusals, settled }: PaidLease): string {
  const who = refusals.length === 0 ? "every node has it" : `${refusals.length} lack it`;
  const [signed, cleared] = [formatAmount(perNode), formatAmount(clearedPerNode)];
  return [
    `${lease}: ${signed} a node is signed up to order ${upTo}, ${cleared} of it is cleared; ${who}`,
    ...refusals.map(({ node, code, detail }) => `  ${node ? short(node) : ""} ${code}: ${detail}`),
    ...settled.map(({ nonce, transaction }) => `  order ${nonce} was settled in ${transaction}`),
  ].join("\n");
}
