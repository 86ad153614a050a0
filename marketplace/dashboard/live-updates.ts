// Listens to the marketplace's events and marks what they touch as stale, so that the page asks for it again.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { MarketEvent } from "#protocol/marketplace-api.ts";

export type Liveness = "connecting" | "live" | "lost";

/** First parts of the query keys that each kind of event makes stale. */
const STALE: Readonly<Record<MarketEvent, readonly string[]>> = {
  offer: ["market", "nodes"],
  bid: ["market"],
  cancellation: ["market", "nodes"],
  node: ["market", "nodes", "owners", "earnings", "series", "holding"],
  lease: ["market", "leases"],
  "profit-share": ["profit-share", "holding", "prices"],
  job: ["market", "jobs", "earnings", "series", "owners"],
};

/** Events come in bursts: one settlement touches three nodes, a lease and a job. */
const GATHER_MILLIS = 250;
const REOPEN_MILLIS = 5_000;

export function useLiveUpdates(): Liveness {
  const client = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>("connecting");
  useEffect(() => listen(client, setLiveness), [client]);
  return liveness;
}

function listen(client: QueryClient, onLiveness: (liveness: Liveness) => void): () => void {
  let source: EventSource | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  const stale = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const mark = (names: Iterable<string>) => {
    for (const name of names) stale.add(name);
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const name of stale) void client.invalidateQueries({ queryKey: [name] });
      stale.clear();
    }, GATHER_MILLIS);
  };
  const everything = new Set(Object.values(STALE).flat());
  const open = () => {
    const opened = new EventSource("/v1/events");
    source = opened;
    opened.addEventListener("open", () => {
      onLiveness("live");
      mark(everything);
    });
    opened.addEventListener("error", () => {
      onLiveness("lost");
      // A browser reconnects by itself unless it was refused.
      if (opened.readyState === EventSource.CLOSED) again = setTimeout(open, REOPEN_MILLIS);
    });
    opened.addEventListener("reset", () => mark(everything));
    for (const [kind, names] of Object.entries(STALE)) opened.addEventListener(kind, () => mark(names));
  };
  open();
  return () => {
    clearTimeout(timer);
    clearTimeout(again);
    source?.close();
  };
}
