// Routes of the order book: post, list, match again, cancel.
import type { Hex } from "viem";
import { addRoute } from "#mesh/api-route.ts";
import type { Api } from "#mesh/api-server.ts";
import * as api from "#protocol/marketplace-api.ts";
import type { NodeId } from "#protocol/units.ts";
import * as wire from "#protocol/wire.ts";
import type { PageRequest } from "../store/page.ts";
import type { ApiContext } from "./api-context.ts";
import { pageQuery } from "./page-query.ts";

export function addBookRoutes(server: Api, { book }: ApiContext): void {
  addRoute(
    server,
    {
      method: "post",
      path: "/v1/offers",
      summary: "Post a node's signed offer. It replaces the node's earlier one; the same again changes nothing.",
      body: wire.signed(wire.offer),
      answer: api.offerRow,
    },
    ({ body }) => book.postOffer(body),
  );
  addRoute<unknown, PageRequest>(
    server,
    {
      method: "get",
      path: "/v1/offers",
      summary: "Offers that stand, by node.",
      query: pageQuery,
      answer: api.offerPage,
    },
    ({ query }) => book.listOffers(query),
  );
  addRoute(
    server,
    {
      method: "post",
      path: "/v1/bids",
      summary: "Post a consumer's signed bid and get the committee that serves it, as its nodes signed their offers.",
      body: wire.signed(wire.bid),
      answer: api.bidRow,
    },
    ({ body }) => book.postBid(body),
  );
  addRoute<unknown, PageRequest>(
    server,
    {
      method: "get",
      path: "/v1/bids",
      summary: "Bids that stand, newest first, each matched now. At most 20 a page.",
      query: pageQuery,
      answer: api.bidPage,
    },
    ({ query }) => book.listBids(query),
  );
  addRoute<{ bid: Hex }, unknown, { banned: NodeId[] }>(
    server,
    {
      method: "post",
      path: "/v1/bids/{bid}/match",
      summary: "Match a standing bid once more, without the nodes that are banned for it.",
      params: { bid: wire.bytes32 },
      body: api.matchRequest,
      answer: api.match,
    },
    ({ params, body }) => book.matchAgain(params.bid, body.banned),
  );
  addRoute(
    server,
    {
      method: "post",
      path: "/v1/cancellations",
      summary: "Withdraw an offer or a bid. Only its signer can; answers whether it stood.",
      body: wire.signed(wire.cancellation),
      answer: api.cancelled,
    },
    async ({ body }) => ({ cancelled: await book.cancel(body) }),
  );
}
