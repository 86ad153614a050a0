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

function lineColumns(now: number): readonly Column<EarningsView["lines"][number]>[] {
  return [
    {
      head: "Job",
      cell: ({ order }) =>
        order === null ? (
          "by vouchers"
        ) : (
          <a href={jobHref(order)} title={order} aria-label={`Job ${short(order)}: show detail`}>
            <code>{short(order)}</code>
          </a>
        ),
    },
    { head: "Paid", cell: ({ time }) => <Moment at={time} now={now} /> },
    { head: "Node", cell: ({ node }) => <Copyable kind="node" value={node} /> },
    { head: "Transaction", cell: ({ transaction }) => <Copyable kind="transaction" value={transaction} /> },
    { head: "Amount", numeric: true, cell: ({ amount }) => <strong>{exact(amount)}</strong> },
  ];
}

export function OwnerEarnings({ owner, now }: { readonly owner: string; readonly now: number }) {
  const earnings = useQuery({
    queryKey: ["earnings", owner],
    queryFn: ({ signal }) => ask<EarningsView>("/earnings", { owner }, signal),
  });
  return (
    <Loaded query={earnings} what="your earnings">
      {({ earned, nodes, lines }) =>
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
            <DataTable
              caption="My latest payments"
              columns={lineColumns(now)}
              rows={lines.slice(0, LINES_SHOWN)}
              rowKey={({ order, node, transaction }) => `${order ?? transaction} ${node}`}
            />
          </>
        )
      }
    </Loaded>
  );
}
