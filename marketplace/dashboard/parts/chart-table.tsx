// The figures of a chart, for those who cannot see the drawing.
import { fullTime, tokens } from "../format.ts";

interface ChartTableProps {
  readonly caption: string;
  /** Heading of the times. */
  readonly when: string;
  readonly rows: readonly { readonly time: number; readonly amount: string }[];
}

export function ChartTable({ caption, when, rows }: ChartTableProps) {
  return (
    // A table does not become narrower than its words, hidden or not.
    <div className="hidden">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{when}</th>
            <th scope="col">Tokens</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ time, amount }) => (
            <tr key={time}>
              <td>{fullTime(time)}</td>
              <td>{tokens(amount)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
