// Routes of the index: what the chain has registered, leased and paid.
import type { Address, Hex } from "viem";
import { z } from "zod";
import { addRoute } from "#mesh/api-route.ts";
import type { Api } from "#mesh/api-server.ts";
import * as api from "#protocol/marketplace-api.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import * as wire from "#protocol/wire.ts";
import { readEarnings, readEarningsSeries } from "../index/read-earnings.ts";
import { findJob, type JobFilter, listJobs } from "../index/read-jobs.ts";
import { findLease, listLeases } from "../index/read-leases.ts";
import { readMarket } from "../index/read-market.ts";
import { listNodes, listOwners } from "../index/read-nodes.ts";
import { MARKETPLACE_LIMITS } from "../limits.ts";
import type { PageRequest } from "../store/page.ts";
import { type ApiContext, nodeRow, withOffer } from "./api-context.ts";
import { pageQuery } from "./page-query.ts";
import { SERIES_HOURS_DEFAULT, seriesHours } from "./series-query.ts";

const ownerRow = z.strictObject({
  owner: wire.address,
  nodes: z.number().int(),
  earned: wire.amount,
  jobs: z.number().int(),
});
const ownerPage = z.strictObject({ rows: z.array(ownerRow), next: z.string().nullable() });
const earningsSeries = z.strictObject({
  owner: wire.address.nullable(),
  from: z.number().int(),
  stepSeconds: z.number().int(),
  amounts: z.array(wire.amount).max(MARKETPLACE_LIMITS.chartPoints),
});

const owner = wire.address.optional();
const consumer = wire.address.optional();

export function addIndexRoutes(server: Api, context: ApiContext): void {
  addMarketRoutes(server, context);
  addLeaseAndJobRoutes(server, context);
  addEarningsRoutes(server, context);
}

function addMarketRoutes(server: Api, context: ApiContext): void {
  const { version, domain, token, reader, book } = context;
  addRoute(
    server,
    { method: "get", path: "/v1/market", summary: "The market in figures.", answer: api.marketInfo },
    () => {
      const { block, paid, ...counts } = readMarket(reader);
      return { version, ...domain, token: token.toLowerCase(), block, counts: { ...counts, ...book.counts() }, paid };
    },
  );
  addRoute<unknown, PageRequest & { owner?: Address }>(
    server,
    {
      method: "get",
      path: "/v1/nodes",
      summary: "Registered nodes with their offers and earnings, in the order of registration.",
      query: { ...pageQuery, owner },
      answer: api.nodePage,
    },
    ({ query }) => {
      const { rows, next } = listNodes(reader, query);
      return { rows: rows.map((node) => withOffer(context, node)), next };
    },
  );
  addRoute<{ node: Address }>(
    server,
    {
      method: "get",
      path: "/v1/nodes/{node}",
      summary: "One registered node.",
      params: { node: wire.address },
      answer: api.nodeRow,
    },
    ({ params }) => nodeRow(context, params.node) ?? unknown("node", params.node),
  );
}

function addLeaseAndJobRoutes(server: Api, { reader }: ApiContext): void {
  addRoute<unknown, PageRequest & { consumer?: Address }>(
    server,
    {
      method: "get",
      path: "/v1/leases",
      summary: "Leases, newest first.",
      query: { ...pageQuery, consumer },
      answer: api.leasePage,
    },
    ({ query }) => listLeases(reader, query),
  );
  addRoute<{ lease: Hex }>(
    server,
    {
      method: "get",
      path: "/v1/leases/{lease}",
      summary: "One lease.",
      params: { lease: wire.bytes32 },
      answer: api.leaseRow,
    },
    ({ params }) => findLease(reader, params.lease) ?? unknown("lease", params.lease),
  );
  addRoute<unknown, JobFilter>(
    server,
    {
      method: "get",
      path: "/v1/jobs",
      summary: "Orders that were settled or claimed, newest first; a voucher's are counted with its lease.",
      query: { ...pageQuery, consumer, owner },
      answer: api.jobPage,
    },
    ({ query }) => listJobs(reader, query),
  );
  addRoute<{ order: Hex }>(
    server,
    {
      method: "get",
      path: "/v1/jobs/{order}",
      summary: "One order that was settled or claimed, with each payment.",
      params: { order: wire.bytes32 },
      answer: api.jobRow,
    },
    ({ params }) => findJob(reader, params.order) ?? unknown("job", params.order),
  );
}

function addEarningsRoutes(server: Api, { reader, now }: ApiContext): void {
  addRoute<unknown, { owner: Address }>(
    server,
    {
      method: "get",
      path: "/v1/earnings",
      summary: "What an owner earned by orders, claims and vouchers, line by line; the newest 200 lines.",
      query: { owner: wire.address },
      answer: api.earnings,
    },
    ({ query }) => readEarnings(reader, query.owner),
  );
  addRoute<unknown, { owner?: Address; hours?: number }>(
    server,
    {
      method: "get",
      path: "/v1/earnings/series",
      summary: `What an owner, or the whole market, earned over time: at most ${MARKETPLACE_LIMITS.chartPoints} steps.`,
      query: {
        owner,
        hours: seriesHours,
      },
      answer: earningsSeries,
    },
    ({ query }) =>
      readEarningsSeries(reader, { owner: query.owner, hours: query.hours ?? SERIES_HOURS_DEFAULT, now: now() }),
  );
  addRoute<unknown, PageRequest>(
    server,
    {
      method: "get",
      path: "/v1/owners",
      summary: "Owners of nodes, the highest earnings first.",
      query: pageQuery,
      answer: ownerPage,
    },
    ({ query }) => listOwners(reader, query),
  );
}

function unknown(kind: "node" | "lease" | "job", id: string): never {
  throw new ProtocolError("not-found", `${kind}-unknown`, `The index has no ${kind} ${id}.`, {
    hint: "Check the id. What was just mined shows up within seconds.",
    context: { id },
    retryable: true,
  });
}
