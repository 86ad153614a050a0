// One owner's earnings, down to the transaction of each line.
import { useQuery } from "@tanstack/react-query";
import { count, exact, short, tokens } from "../format.ts";
import { ask, type EarningsView } from "../market-client.ts";
import { jobHref } from "../page-state.ts";
import { Copyable } from "../parts/copyable.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { Empty, Loaded } from "../parts/panel.tsx";

const LINES_SHOWN = 25;

const NODES: readonly Column<EarningsView["nodes"][number]>[] = [
  { head: "My node", cell: ({ node }) => <Copyable kind="node" value={node} /> },
  { head: "Jobs", numeric: true, cell: ({ jobs }) => count(jobs) },
  { head: "Earned", numeric: true, cell: ({ earned }) => <strong>{exact(earned)}</strong> },
];

type Line = EarningsView["lines"][number];

function lineColumns(now: number): readonly Column<Line>[] {
  return [
    { head: "For", cell: (line) => <PaidFor line={line} /> },
    { head: "Jobs", numeric: true, cell: ({ jobs }) => count(jobs) },
    { head: "Paid", cell: ({ time }) => <Moment at={time} now={now} /> },
    { head: "Node", cell: ({ node }) => <Copyable kind="node" value={node} /> },
    { head: "Transaction", cell: ({ transaction }) => <Copyable kind="transaction" value={transaction} /> },
    { head: "Amount", numeric: true, cell: ({ amount }) => <strong>{exact(amount)}</strong> },
  ];
}

/** A voucher's orders have no names on the chain: it says up to which nonce it pays. */
function PaidFor({ line: { paidFor, lease } }: { readonly line: Line }) {
  if (paidFor.kind === "order") {
    const { order } = paidFor;
    return (
      <a href={jobHref(order)} title={order} aria-label={`Job ${short(order)}: show detail`}>
        <code>{short(order)}</code>
      </a>
    );
  }
  if (paidFor.kind === "claim")
    return (
      <>
        claim <Copyable kind="claim" value={paidFor.claim} />
      </>
    );
  return (
    <>
      voucher, {coveredBy(paidFor)} of <Copyable kind="lease" value={lease} />
    </>
  );
}

function coveredBy({ after, upTo }: { readonly after: number; readonly upTo: number }): string {
  // It may pay more for what an earlier one covers.
  if (after === upTo) return `orders up to ${count(upTo)}`;
  return after + 1 === upTo ? `order ${count(upTo)}` : `orders ${count(after + 1)} to ${count(upTo)}`;
}

/** What the owner has earned in all, and each of its nodes. */
export function OwnerEarnings({ owner }: { readonly owner: string }) {
  return (
    <Loaded query={useEarnings(owner)} what="your earnings">
      {({ earned, nodes }) =>
        nodes.length === 0 ? (
          <Empty title="This account owns no node here.">
            Check the address, or register a node with it: its earnings show up here.
          </Empty>
        ) : (
          <>
            <p className="total">
              {tokens(earned)} <small>tokens earned in all</small>
            </p>
            <DataTable caption="My nodes" columns={NODES} rows={nodes} rowKey={({ node }) => node} />
          </>
        )
      }
    </Loaded>
  );
}

/** The owner's newest payments; nothing while there are none. */
export function OwnerPayments({ owner, now }: { readonly owner: string; readonly now: number }) {
  const lines = useEarnings(owner).data?.lines ?? [];
  if (lines.length === 0) return null;
  return (
    <DataTable
      caption="My latest payments"
      columns={lineColumns(now)}
      rows={lines.slice(0, LINES_SHOWN)}
      rowKey={({ block, logIndex, node }) => `${block} ${logIndex} ${node}`}
    />
  );
}

function useEarnings(owner: string) {
  return useQuery({
    queryKey: ["earnings", owner],
    queryFn: ({ signal }) => ask<EarningsView>("/earnings", { owner }, signal),
  });
}
