// Earnings over time; the same figures stand in a table for those who cannot see the drawing.
import { useMemo } from "react";
import { TOKEN_DECIMALS } from "#protocol/units.ts";
import { tokens } from "../format.ts";
import type { SeriesView } from "../market-client.ts";
import { ChartTable } from "../parts/chart-table.tsx";
import { TimeChart } from "../parts/time-chart.tsx";

interface EarningsChartProps {
  readonly series: SeriesView;
  /** Whose earnings, such as "all owners". */
  readonly whose: string;
  readonly span: string;
}

export function EarningsChart({ series, whose, span }: EarningsChartProps) {
  const { times, sums, steps } = useMemo(() => cumulate(series), [series]);
  const total = tokens(series.amounts.reduce((sum, amount) => sum + BigInt(amount), 0n));
  return (
    <>
      <p className="total">
        {total} <small>tokens in the last {span}</small>
      </p>
      <TimeChart
        times={times}
        values={sums}
        shape="sum"
        label={`Earnings of ${whose} in the last ${span}, added up: ${total} tokens.`}
      />
      <ChartTable caption={`Earnings of ${whose} in the last ${span}`} when="From" rows={steps} />
    </>
  );
}

interface Cumulated {
  readonly times: readonly number[];
  /** Tokens, as numbers for drawing only. */
  readonly sums: readonly number[];
  /** Steps in which something was paid. */
  readonly steps: readonly { readonly time: number; readonly amount: string }[];
}

function cumulate({ from, stepSeconds, amounts }: SeriesView): Cumulated {
  let sum = 0n;
  const times = amounts.map((_, step) => from + (step + 1) * stepSeconds);
  const sums = amounts.map((amount) => {
    sum += BigInt(amount);
    return Number(sum) / 10 ** TOKEN_DECIMALS;
  });
  const steps = amounts
    .map((amount, step) => ({ time: from + step * stepSeconds, amount }))
    .filter(({ amount }) => amount !== "0");
  return { times: [from, ...times], sums: [0, ...sums], steps };
}
