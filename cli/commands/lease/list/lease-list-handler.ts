import { readLease } from "#chain/read-lease.ts";
import { closableFrom } from "#client/lease/close-leases.ts";
import { openClientStore } from "#client/store/client-store.ts";
import { formatAmount } from "#protocol/units.ts";
import type { Handler } from "../../../command/command.ts";
import { date, table } from "../../../command/table.ts";
import { openChain } from "../../../session/open-chain.ts";
import { settingsOf } from "../../../session/open-session.ts";
import type { LeaseListOptions } from "./lease-list-options.ts";

/** Leases that are asked of the chain: newest first. */
const SHOWN = 200;

export const leaseListHandler: Handler<LeaseListOptions> = async ({ all }, context) => {
  const settings = await settingsOf(context);
  const chain = await openChain(settings, context.signal);
  const exchange = chain.domain.exchange.toLowerCase();
  const known = (await (await openClientStore(settings.home)).leases())
    .filter(
      (record) => record.exchange === exchange && record.chainId === chain.domain.chainId && (all || !record.closed),
    )
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .slice(0, SHOWN);
  const leases = await Promise.all(
    known.map(async ({ lease, use, expiry, orders, terms, payer }) => {
      const standing = await readLease(chain, lease);
      const until = standing?.expiry ?? expiry;
      return {
        lease,
        use,
        state: standing ? (standing.open ? "open" : "closed") : "never opened",
        remaining: standing?.open ? standing.remaining : 0n,
        expiry: until,
        closableFrom: closableFrom(until, chain.graceSeconds),
        orders,
        signedPerNode: payer ? (payer.signed ?? payer.cleared).perNode : null,
        clearedPerNode: standing?.paidPerNode ?? 0n,
        nodes: terms.nodes,
      };
    }),
  );
  return {
    json: { leases },
    text: table(
      ["lease", "for", "state", "holds", "nodes", "orders", "signed", "cleared", "ends (UTC)", "closable (UTC)"].map(
        (title) => ({ title, right: ["holds", "nodes", "orders", "signed", "cleared"].includes(title) }),
      ),
      leases.map((row) => [
        row.lease.slice(0, 14),
        row.use,
        row.state,
        formatAmount(row.remaining),
        String(row.nodes.length),
        String(row.orders),
        row.signedPerNode === null ? "-" : formatAmount(row.signedPerNode),
        row.signedPerNode === null ? "-" : formatAmount(row.clearedPerNode),
        date(row.expiry),
        date(row.closableFrom),
      ]),
      "No lease is open. mimik rent and mimik run open them.",
    ),
  };
};
