// The price of a share over time; the same figures stand in a table for those who cannot see the drawing.
import { useMemo } from "react";
import { TOKEN_DECIMALS } from "#protocol/units.ts";
import { tokens } from "../format.ts";
import type { PricesView } from "../market-client.ts";
import { ChartTable } from "../parts/chart-table.tsx";
import { TimeChart } from "../parts/time-chart.tsx";

interface PriceChartProps {
  readonly series: PricesView;
  /** Now, base units. */
  readonly price: string;
  readonly span: string;
}

export function PriceChart({ series, price, span }: PriceChartProps) {
  const { times, values, changes } = useMemo(() => pointsOf(series), [series]);
  return (
    <>
      <p className="total">
        {tokens(price)} <small>tokens a share</small>
      </p>
      <TimeChart
        times={times}
        values={values}
        shape="level"
        label={`Price of a share in the last ${span}, now ${tokens(price)} tokens.`}
      />
      <ChartTable caption={`Price of a share in the last ${span}, wherever it changed`} when="At" rows={changes} />
    </>
  );
}

interface Points {
  readonly times: readonly number[];
  /** Tokens, as numbers for drawing only; null while nobody held a share. */
  readonly values: readonly (number | null)[];
  readonly changes: readonly { readonly time: number; readonly amount: string }[];
}

function pointsOf({ from, stepSeconds, prices }: PricesView): Points {
  const timeOf = (step: number) => from + (step + 1) * stepSeconds;
  return {
    times: prices.map((_, step) => timeOf(step)),
    values: prices.map((price) => (price === null ? null : Number(price) / 10 ** TOKEN_DECIMALS)),
    changes: prices.flatMap((price, step) =>
      price === null || price === prices[step - 1] ? [] : [{ time: timeOf(step), amount: price }],
    ),
  };
}
