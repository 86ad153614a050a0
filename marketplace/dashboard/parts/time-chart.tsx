// A line over time, drawn by uPlot. Whoever cannot see it is told its label: the figures belong into a table beside it.
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";

/** `sum` begins at zero and grows in steps; `level` goes up and down around what it is. */
type Shape = "sum" | "level";

interface TimeChartProps {
  /** Unix seconds, ascending; keep the same array as long as the figures are the same. */
  readonly times: readonly number[];
  /** One for each time; null where there is none. */
  readonly values: readonly (number | null)[];
  readonly shape: Shape;
  readonly label: string;
}

const HEIGHT = 220;

export function TimeChart({ times, values, shape, label }: TimeChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    const plot = new uPlot(
      optionsOf(element, { shape, dark: theme, single: values.filter((value) => value !== null).length === 1 }),
      [[...times], [...values]],
      element,
    );
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [times, values, shape, theme]);
  return <div ref={holder} className="chart" role="img" aria-label={label} />;
}

interface Look {
  readonly shape: Shape;
  readonly dark: boolean;
  /** One point makes no line. */
  readonly single: boolean;
}

function optionsOf(element: HTMLElement, { shape, dark, single }: Look): uPlot.Options {
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
    scales: { y: { range: (_plot, min, max) => (shape === "sum" ? aboveZero(max) : around(min, max)) } },
    axes: [
      { ...axis, size: 32, space: 72, values: (_plot, values) => timeLabels(values) },
      { ...axis, size: 64, space: 40, values: (_plot, values) => axisLabels(values) },
    ],
    series: [
      {},
      {
        stroke: line,
        fill,
        width: 1.75,
        paths: (shape === "sum"
          ? uPlot.paths.stepped?.({ align: -1 })
          : uPlot.paths.linear?.()) as uPlot.Series.PathBuilder,
        points: { show: single },
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

function aboveZero(max: number): uPlot.Range.MinMax {
  return [0, max > 0 ? max * 1.1 : 1];
}

/** A level that does not move lies in the middle. */
function around(min: number | null, max: number | null): uPlot.Range.MinMax {
  const [low, high] = [min ?? 0, max ?? 1];
  const margin = high > low ? (high - low) * 0.1 : Math.max(Math.abs(high) * 0.001, 0.001);
  return [low - margin, high + margin];
}

/** As many digits as tell neighbours apart. */
function axisLabels(values: readonly number[]): string[] {
  const [first = 0, second = first + 1] = values;
  const apart = Math.ceil(Math.log10(Math.max(Math.abs(values.at(-1) ?? 0), 1) / Math.abs(second - first)));
  const digits = Math.min(Math.max(3, apart + 1), 12);
  const format = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: digits });
  return values.map((value) => format.format(value));
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
