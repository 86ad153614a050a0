// How far back a chart goes.
import { useId } from "react";

export const SPANS = [
  { hours: 1, name: "1 hour", last: "hour" },
  { hours: 24, name: "24 hours", last: "24 hours" },
  { hours: 168, name: "7 days", last: "7 days" },
  { hours: 720, name: "30 days", last: "30 days" },
] as const;
export type Span = (typeof SPANS)[number];

interface SpanChoiceProps {
  /** What the chart is of, such as "the price". */
  readonly of: string;
  readonly span: Span;
  readonly onChoose: (span: Span) => void;
}

export function SpanChoice({ of, span, onChoose }: SpanChoiceProps) {
  const name = useId();
  return (
    <fieldset className="spans">
      <legend className="hidden">Span of the chart of {of}</legend>
      {SPANS.map((choice) => (
        <label key={choice.hours}>
          <input type="radio" name={name} checked={choice.hours === span.hours} onChange={() => onChoose(choice)} />
          <span>{choice.name}</span>
        </label>
      ))}
    </fieldset>
  );
}
