// What a node asks, in units that people know.
import { tokens } from "../format.ts";
import type { NodeView } from "../market-client.ts";

type Rates = NonNullable<NodeView["offer"]>["message"]["rates"];

const UNITS = {
  job: "a job",
  fuel: "a billion instructions",
  memory: "64 MiB of memory, a job",
  bytes: "a MiB in or out",
  events: "1,000 host calls",
} as const;
const AXES = Object.keys(UNITS) as readonly (keyof typeof UNITS)[];

export function NodeRates({ rates }: { readonly rates: Rates }) {
  return (
    <details className="rates">
      <summary>
        {tokens(rates.fuel)} <small>/ 10⁹ instr.</small>
      </summary>
      <dl>
        {AXES.map((axis) => (
          <div key={axis}>
            <dt>{UNITS[axis]}</dt>
            <dd>{tokens(rates[axis])}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
