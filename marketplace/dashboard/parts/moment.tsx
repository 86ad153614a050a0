// A time: how long ago, and exactly when on demand.
import { fullTime, timeFrom } from "../format.ts";

export function Moment({ at, now }: { readonly at: number; readonly now: number }) {
  return (
    <time dateTime={new Date(at * 1_000).toISOString()} title={fullTime(at)}>
      {timeFrom(at, now)}
    </time>
  );
}
