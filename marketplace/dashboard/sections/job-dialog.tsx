// One order that was settled or claimed: who asked, what was agreed, and who was paid how much in which transaction.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { count, exact, fullTime, tokens } from "../format.ts";
import { ask, type JobView } from "../market-client.ts";
import { closeJob } from "../page-state.ts";
import { Account } from "../parts/account.tsx";
import { Copyable } from "../parts/copyable.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Loaded } from "../parts/panel.tsx";

const PAYMENTS: readonly Column<JobView["paid"][number]>[] = [
  { head: "Node", cell: ({ node }) => <Copyable kind="node" value={node} /> },
  { head: "Owner", cell: ({ owner }) => <Account kind="owner" address={owner} /> },
  { head: "Amount", numeric: true, cell: ({ amount }) => <strong>{exact(amount)}</strong> },
];

export function JobDialog({ order }: { readonly order: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const job = useQuery({
    queryKey: ["jobs", "one", order],
    queryFn: ({ signal }) => ask<JobView>(`/jobs/${order}`, {}, signal),
  });
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="job" aria-labelledby="job-title" onClose={closeJob}>
      <header>
        <h2 id="job-title">Job</h2>
        <form method="dialog">
          <button type="submit" className="button">
            Close
          </button>
        </form>
      </header>
      <Loaded query={job} what="the job">
        {(found) => <JobDetail job={found} />}
      </Loaded>
    </dialog>
  );
}

function JobDetail({ job }: { readonly job: JobView }) {
  return (
    <>
      <p className="total">
        {tokens(job.total)}{" "}
        <small>
          tokens paid to {count(job.paid.length)} nodes that {job.claim ? "claimed" : "agreed"}
          {job.claim && <>, for {count(job.claim.orders)} orders together</>}
        </small>
      </p>
      <DataTable caption="Payments" columns={PAYMENTS} rows={job.paid} rowKey={({ node }) => node} />
      <dl className="facts">
        <dt>Settled</dt>
        <dd>
          {fullTime(job.time)}, block {count(job.block)}
        </dd>
        <dt>Consumer</dt>
        <dd>
          <Copyable kind="consumer" value={job.consumer} whole />
        </dd>
        <dt>Order</dt>
        <dd>
          <Copyable kind="order" value={job.order} whole />
        </dd>
        <dt>Lease</dt>
        <dd>
          <Copyable kind="lease" value={job.lease} whole />
        </dd>
        {job.resultHash && (
          <>
            <dt>Agreed result</dt>
            <dd>
              <Copyable kind="result hash" value={job.resultHash} whole />
            </dd>
          </>
        )}
        {job.claim && (
          <>
            <dt>Claim</dt>
            <dd>
              <Copyable kind="claim" value={job.claim.claim} whole />
            </dd>
            <dt>Receipts</dt>
            <dd>
              <Copyable kind="root of the receipts" value={job.claim.receiptsRoot} whole />
            </dd>
          </>
        )}
        <dt>Transaction</dt>
        <dd>
          <Copyable kind="transaction" value={job.transaction} whole />
        </dd>
      </dl>
    </>
  );
}
