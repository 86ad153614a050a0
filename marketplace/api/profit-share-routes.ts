// Routes of the profit share: the whole vault, what an account has of it, and the price of a share over time.
import type { Address } from "viem";
import { z } from "zod";
import { addRoute } from "#mesh/api-route.ts";
import type { Api } from "#mesh/api-server.ts";
import * as api from "#protocol/marketplace-api.ts";
import * as wire from "#protocol/wire.ts";
import { readHolding, readPriceSeries, readProfitShare } from "../index/read-profit-share.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";
import type { ApiContext } from "./api-context.ts";
import { SERIES_HOURS_DEFAULT, seriesHours } from "./series-query.ts";

const priceSeries = z.strictObject({
  from: z.number().int(),
  stepSeconds: z.number().int(),
  prices: z.array(wire.amount.nullable()).max(MARKETPLACE_LIMITS.chartPoints),
});

export function addProfitShareRoutes(server: Api, { reader, stakeTerms, now }: ApiContext): void {
  addRoute(
    server,
    {
      method: "get",
      path: "/v1/profit-share",
      summary: "The profit share: what its shares are worth, what drips to their holders, and what came in so far.",
      answer: api.profitShareInfo,
    },
    () => readProfitShare(reader, stakeTerms, now()),
  );
  addRoute<unknown, { account: Address }>(
    server,
    {
      method: "get",
      path: "/v1/profit-share/holding",
      summary: `What an account holds of the profit share, and the stakes of its nodes; at most ${MARKETPLACE_LIMITS.ownNodes} nodes.`,
      query: { account: wire.address },
      answer: api.holding,
    },
    ({ query }) => readHolding(reader, stakeTerms, query.account, now()),
  );
  addRoute<unknown, { hours?: number }>(
    server,
    {
      method: "get",
      path: "/v1/profit-share/prices",
      summary: `The price of a share over time: at most ${MARKETPLACE_LIMITS.chartPoints} steps.`,
      query: { hours: seriesHours },
      answer: priceSeries,
    },
    ({ query }) => readPriceSeries(reader, query.hours ?? SERIES_HOURS_DEFAULT, now()),
  );
}
