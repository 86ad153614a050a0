// What the page asks the marketplace. Types are the API's own, with amounts still as the decimal strings of JSON.
import type {
  Earnings,
  Holding,
  JobRow,
  LeaseRow,
  MarketInfo,
  NodeRow,
  ProfitShareInfo,
} from "#protocol/marketplace-api.ts";
import type { EarningsSeries } from "../index/read-earnings.ts";
import type { OwnerRow } from "../index/read-nodes.ts";
import type { PriceSeries } from "../index/read-profit-share.ts";

/** A value as JSON carries it: bigints are decimal strings. */
export type Json<Value> = Value extends bigint
  ? string
  : Value extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : Value extends object
      ? { readonly [Key in keyof Value]: Json<Value[Key]> }
      : Value;

export type Market = Json<MarketInfo>;
export type NodeView = Json<NodeRow>;
export type JobView = Json<JobRow>;
export type LeaseView = Json<LeaseRow>;
export type OwnerView = Json<OwnerRow>;
export type EarningsView = Json<Earnings>;
export type SeriesView = Json<EarningsSeries>;
export type ProfitShareView = Json<ProfitShareInfo>;
export type HoldingView = Json<Holding>;
export type PricesView = Json<PriceSeries>;

export interface PageView<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** What the marketplace answers, or an error with its own sentence. */
export async function ask<Answer>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const response = await fetch(`/v1${path}${given.length > 0 ? `?${search}` : ""}`, signal ? { signal } : {});
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as Answer;
  const detail = (answer as { detail?: unknown } | undefined)?.detail;
  throw new Error(typeof detail === "string" ? detail : `The marketplace answered with status ${response.status}.`);
}
