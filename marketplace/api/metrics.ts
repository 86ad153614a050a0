// GET /metrics: what an operator wants to see over time.
import { Counter, Gauge } from "prom-client";
import type { Api } from "#mesh/api-server.ts";
import { readMarket } from "../index/read-market.ts";
import type { ApiContext } from "./api-context.ts";

export interface Counters {
  readonly posts: Counter<"route" | "status">;
}

export function addMetrics({ metrics }: Api, { reader, book, events }: ApiContext): Counters {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `mimik_marketplace_${name}`,
      help,
      registers: [metrics],
      collect() {
        this.set(read());
      },
    });
  gauge("offers", "Offers that stand.", () => book.counts().offers);
  gauge("bids", "Bids that stand.", () => book.counts().bids);
  gauge("event_streams", "Event streams open.", () => events.streams);
  gauge("indexed_block", "Last block in the index; -1 before the first.", () => readMarket(reader).block ?? -1);
  gauge("nodes", "Registered nodes.", () => readMarket(reader).nodes);
  gauge("jobs", "Settled orders.", () => readMarket(reader).jobs);
  gauge("memory_bytes", "Resident memory of the process.", () => process.memoryUsage.rss());
  return {
    posts: new Counter({
      name: "mimik_marketplace_posts_total",
      help: "Posts by route and status.",
      labelNames: ["route", "status"],
      registers: [metrics],
    }),
  };
}
