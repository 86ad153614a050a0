// Earnings over time, drawn by uPlot; the same figures stand in a table for those who cannot see the drawing.
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { TOKEN_DECIMALS } from "#protocol/units.ts";
import { fullTime, tokens } from "../format.ts";
import type { SeriesView } from "../market-client.ts";

interface EarningsChartProps {
  readonly series: SeriesView;
  /** Whose earnings, such as "all owners". */
  readonly whose: string;
  readonly span: string;
}

const HEIGHT = 220;

export function EarningsChart({ series, whose, span }: EarningsChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const { times, sums, steps } = useMemo(() => cumulate(series), [series]);
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const plot = new uPlot(optionsOf(element, theme), [times as number[], sums as number[]], element);
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [times, sums, theme]);
  const total = tokens(series.amounts.reduce((sum, amount) => sum + BigInt(amount), 0n));
  return (
    <>
      <p className="total">
        {total} <small>tokens in the last {span}</small>
      </p>
      <div
        ref={holder}
        className="chart"
        role="img"
        aria-label={`Earnings of ${whose} in the last ${span}, added up: ${total} tokens.`}
      />
      <table className="hidden">
        <caption>
          Earnings of {whose} in the last {span}
        </caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Tokens</th>
          </tr>
        </thead>
        <tbody>
          {steps.map(({ time, amount }) => (
            <tr key={time}>
              <td>{fullTime(time)}</td>
              <td>{tokens(amount)}</td>
            </tr>
          ))}
        </tbody>
      </table>
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

function optionsOf(element: HTMLElement, dark: boolean): uPlot.Options {
  const style = getComputedStyle(element);
  const line = style.getPropertyValue(dark ? "--chart-line-dark" : "--chart-line-light");
  const fill = style.getPropertyValue(dark ? "--chart-fill-dark" : "--chart-fill-light");
  const grid = style.getPropertyValue(dark ? "--chart-grid-dark" : "--chart-grid-light");
  const font = `12px ${style.fontFamily}`;
  const axis: uPlot.Axis = {
    stroke: style.color,
    font,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 12, 0, 0],
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, size: 32, space: 72, values: (_plot, values) => timeLabels(values) },
      { ...axis, size: 64, space: 40, values: (_plot, values) => values.map((value) => axisNumber(value)) },
    ],
    series: [
      {},
      {
        stroke: line,
        fill,
        width: 1.75,
        paths: (uPlot.paths.stepped?.({ align: -1 }) ?? null) as uPlot.Series.PathBuilder,
        points: { show: false },
      },
    ],
  };
}

const hourLabel = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayLabel = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** Hours within a day, days beyond it. */
function timeLabels(values: readonly number[]): string[] {
  const label = (values.at(-1) ?? 0) - (values[0] ?? 0) > 86_400 ? dayLabel : hourLabel;
  return values.map((value) => label.format(value * 1_000));
}

function axisNumber(value: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 }).format(value);
}

/** Whether the page is dark; the canvas has to be told, unlike the rest of the page. */
function useTheme(): boolean {
  const [dark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => setDark(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return dark;
}
