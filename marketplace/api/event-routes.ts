// The route of the event stream.
import { addRoute } from "#mesh/api-route.ts";
import type { Api } from "#mesh/api-server.ts";
import type { ApiContext } from "./api-context.ts";
import { remoteOf } from "./remote.ts";

export function addEventRoutes(server: Api, { events }: ApiContext): void {
  addRoute(
    server,
    {
      method: "get",
      path: "/v1/events",
      summary:
        "What is new, as server-sent events: offer, bid, cancellation, node, lease, job, profit-share, each with its row as " +
        "data. Last-Event-ID replays what was missed; `reset` says that everything is to be read anew.",
      answer: "events",
    },
    ({ c }) =>
      events.open({
        remote: remoteOf(c),
        lastEventId: c.req.header("last-event-id"),
        signal: c.req.raw.signal,
      }),
  );
}
