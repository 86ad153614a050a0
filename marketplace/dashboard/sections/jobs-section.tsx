// Orders that were settled or claimed, newest first; each opens into its detail.

import { count, exact, short } from "../format.ts";
import type { JobView } from "../market-client.ts";
import { jobHref } from "../page-state.ts";
import { Account } from "../parts/account.tsx";
import { Copyable } from "../parts/copyable.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { More, useListing } from "../parts/listing.tsx";
import { Moment } from "../parts/moment.tsx";
import { Empty, Loaded, Panel } from "../parts/panel.tsx";

function columns(now: number): readonly Column<JobView>[] {
  return [
    {
      head: "Job",
      cell: ({ order }) => (
        <a href={jobHref(order)} title={order} aria-label={`Job ${short(order)}: show detail`}>
          <code>{short(order)}</code>
        </a>
      ),
    },
    { head: "Settled", cell: ({ time }) => <Moment at={time} now={now} /> },
    { head: "Consumer", cell: ({ consumer }) => <Account kind="consumer" address={consumer} /> },
    { head: "Nodes paid", numeric: true, cell: ({ paid }) => count(paid.length) },
    { head: "Paid", numeric: true, cell: (job) => <Paid job={job} /> },
    { head: "Transaction", cell: ({ transaction }) => <Copyable kind="transaction" value={transaction} /> },
  ];
}

function Paid({ job: { total, claim } }: { readonly job: JobView }) {
  return (
    <>
      {claim && <span className="note">for {count(claim.orders)} claimed together </span>}
      <strong>{exact(total)}</strong>
    </>
  );
}

export function JobsSection({ now }: { readonly now: number }) {
  const jobs = useListing<JobView>("jobs", "/jobs");
  return (
    <Panel
      id="jobs"
      title="Jobs"
      note="Orders that a committee had settled or claimed on chain. Those that vouchers pay are counted with their lease."
    >
      <Loaded query={jobs} what="the jobs">
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No job is settled yet.">
              Run one with <code>mimik run</code>; it shows up here as soon as its nodes are paid.
            </Empty>
          ) : (
            <>
              <DataTable caption="Settled jobs" columns={columns(now)} rows={rows} rowKey={({ order }) => order} />
              <More what="jobs" query={jobs} />
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}
