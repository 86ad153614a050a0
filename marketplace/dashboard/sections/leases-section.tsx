// Leases: funds that consumers have locked for committees.

import { count, exact } from "../format.ts";
import type { LeaseView } from "../market-client.ts";
import { Account } from "../parts/account.tsx";
import { Copyable } from "../parts/copyable.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { More, useListing } from "../parts/listing.tsx";
import { Moment } from "../parts/moment.tsx";
import { Empty, Loaded, Panel } from "../parts/panel.tsx";

const none = <span className="note">–</span>;

function columns(now: number): readonly Column<LeaseView>[] {
  return [
    { head: "Lease", cell: ({ lease }) => <Copyable kind="lease" value={lease} /> },
    { head: "Consumer", cell: ({ consumer }) => <Account kind="consumer" address={consumer} /> },
    { head: "State", cell: (lease) => <LeaseState lease={lease} now={now} /> },
    { head: "Committee", numeric: true, cell: ({ nodes }) => `${count(nodes.length)} nodes` },
    { head: "Funded", numeric: true, cell: ({ funded }) => exact(funded) },
    { head: "Jobs", numeric: true, cell: ({ jobs }) => count(jobs) },
    { head: "Vouchers", cell: ({ upTo }) => (upTo > 0 ? `up to order ${count(upTo)}` : none) },
    { head: "Spent", numeric: true, cell: ({ spent }) => <strong>{exact(spent)}</strong> },
    { head: "Expires", cell: ({ expiry }) => <Moment at={expiry} now={now} /> },
  ];
}

function LeaseState({ lease, now }: { readonly lease: LeaseView; readonly now: number }) {
  if (lease.closed) return <span className="tag quiet">closed</span>;
  return lease.expiry > now ? <span className="tag good">live</span> : <span className="tag warn">expired</span>;
}

export function LeasesSection({ now }: { readonly now: number }) {
  const leases = useListing<LeaseView>("leases", "/leases");
  return (
    <Panel
      id="leases"
      title="Leases"
      note="Funds locked for a committee. The rest returns to the consumer at the close."
    >
      <Loaded query={leases} what="the leases">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No lease is open yet.">
              A consumer opens one when it rents nodes, with <code>mimik rent</code> or <code>mimik run</code>.
            </Empty>
          ) : (
            <>
              <DataTable caption="Leases" columns={columns(now)} rows={rows} rowKey={({ lease }) => lease} />
              <More what="leases" query={leases} />
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}
