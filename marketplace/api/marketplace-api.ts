// All routes of a marketplace, put together. Reading is open to every origin; posting from another origin's page is not.
import { type Api, createApi } from "#mesh/api-server.ts";
import type { ApiContext } from "./api-context.ts";
import { addBookRoutes } from "./book-routes.ts";
import { addDashboardRoutes } from "./dashboard-routes.ts";
import { addDocsPage } from "./docs-page.ts";
import { addEventRoutes } from "./event-routes.ts";
import { addIndexRoutes } from "./index-routes.ts";
import { addMetrics } from "./metrics.ts";
import { createPostLimiter, type PostLimits } from "./post-limiter.ts";
import { addProfitShareRoutes } from "./profit-share-routes.ts";
import { remoteOf } from "./remote.ts";

export interface MarketplaceApiOptions extends ApiContext {
  readonly limits: PostLimits;
  readonly dashboardDirectory: string;
  readonly onBug: (error: unknown) => void;
  readonly health: () => Promise<Record<string, unknown>>;
}

const TITLE = "mimik marketplace";

export function createMarketplaceApi(options: MarketplaceApiOptions): Api {
  const { version, limits, dashboardDirectory, health } = options;
  const server = createApi({
    title: TITLE,
    version,
    description: "Where offers and bids meet. It holds no funds and no keys; everything it says is signed or on chain.",
    onBug: options.onBug,
    health,
  });
  const { posts } = addMetrics(server, options);
  const countPost = createPostLimiter(limits);
  server.app.use("/v1/*", async (c, next) => {
    await next();
    if (c.req.method !== "POST") return;
    const route = /^\/v1\/(offers|bids|cancellations)/.exec(c.req.path)?.[1] ?? "other";
    posts.inc({ route, status: String(c.res.status) });
  });
  server.app.use(async (c, next) => {
    // A page of bids costs as much as posting them.
    if (c.req.method === "POST" || c.req.path === "/v1/bids") countPost(remoteOf(c));
    await next();
    if (c.req.method === "GET") c.res.headers.set("access-control-allow-origin", "*");
  });
  addBookRoutes(server, options);
  addIndexRoutes(server, options);
  addProfitShareRoutes(server, options);
  addEventRoutes(server, options);
  addDashboardRoutes(server, dashboardDirectory);
  addDocsPage(server, TITLE, version);
  return server;
}
