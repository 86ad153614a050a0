// The query of every chart.
import * as wire from "#protocol/wire.ts";

/** A chart's longest span: a month of minutes is what one question may read. */
const SERIES_HOURS_MAX = 720;
export const SERIES_HOURS_DEFAULT = 24;

export const seriesHours = wire
  .queryInteger(SERIES_HOURS_MAX)
  .refine((hours) => hours > 0, "must be at least 1")
  .optional();
