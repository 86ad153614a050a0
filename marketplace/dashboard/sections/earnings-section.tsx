// Who earns how much: everyone, or the person's own account.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { count, exact, short } from "../format.ts";
import { ask, type OwnerView, type SeriesView } from "../market-client.ts";
import { Account } from "../parts/account.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { More, useListing } from "../parts/listing.tsx";
import { Empty, Loaded, Panel } from "../parts/panel.tsx";
import { SPANS, type Span, SpanChoice } from "../parts/span-choice.tsx";
import { EarningsChart } from "./earnings-chart.tsx";
import { OwnerEarnings, OwnerPayments } from "./owner-earnings.tsx";
import { OwnerPicker } from "./owner-picker.tsx";

const OWNERS: readonly Column<OwnerView>[] = [
  { head: "Owner", cell: ({ owner }) => <Account kind="owner" address={owner} /> },
  { head: "Nodes", numeric: true, cell: ({ nodes }) => count(nodes) },
  { head: "Jobs", numeric: true, cell: ({ jobs }) => count(jobs) },
  { head: "Earned", numeric: true, cell: ({ earned }) => <strong>{exact(earned)}</strong> },
];

interface EarningsSectionProps {
  readonly owner: string | undefined;
  readonly onChoose: (owner: string | undefined) => void;
  readonly now: number;
}

export function EarningsSection({ owner, onChoose, now }: EarningsSectionProps) {
  const owners = useListing<OwnerView>("owners", "/owners");
  return (
    <Panel
      id="earnings"
      title={owner ? "My earnings" : "Earnings"}
      note="Paid by the exchange to nodes, for their owners to collect."
      tools={<OwnerPicker key={owner ?? ""} owner={owner} known={owners.data ?? []} onChoose={onChoose} />}
    >
      <div className="split">
        <OverTime owner={owner} />
        <div className="beside">
          {owner ? (
            <OwnerEarnings owner={owner} />
          ) : (
            <Loaded query={owners} what="the owners">
              {(rows) =>
                rows.length === 0 ? (
                  <Empty title="Nobody owns a node yet.">Owners stand here, the highest earnings first.</Empty>
                ) : (
                  <>
                    <DataTable caption="Earnings by owner" columns={OWNERS} rows={rows} rowKey={(row) => row.owner} />
                    <More what="owners" query={owners} />
                  </>
                )
              }
            </Loaded>
          )}
        </div>
      </div>
      {owner && <OwnerPayments owner={owner} now={now} />}
    </Panel>
  );
}

function OverTime({ owner }: { readonly owner: string | undefined }) {
  const [chosen, setSpan] = useState<Span>();
  const day = useSeries(owner, 24);
  // A market that is younger than an hour shows nothing but its last step on a whole day.
  const span: Span = chosen ?? (day.data && isYoung(day.data) ? SPANS[0] : SPANS[1]);
  const series = useSeries(owner, span.hours);
  return (
    <div className="over-time">
      <SpanChoice of="earnings" span={span} onChoose={setSpan} />
      <Loaded query={series} what="the chart">
        {(data) => <EarningsChart series={data} whose={owner ? short(owner) : "all owners"} span={span.last} />}
      </Loaded>
    </div>
  );
}

function useSeries(owner: string | undefined, hours: number) {
  return useQuery({
    queryKey: ["series", owner ?? null, hours],
    queryFn: ({ signal }) => ask<SeriesView>("/earnings/series", { owner, hours }, signal),
    placeholderData: keepPreviousData,
  });
}

function isYoung({ amounts, stepSeconds }: SeriesView): boolean {
  const first = amounts.findIndex((amount) => amount !== "0");
  return first >= 0 && (amounts.length - first) * stepSeconds <= 3_600;
}
