// The routes that tell of the node itself; open to everybody.
import type { Hex } from "viem";
import { addRoute } from "#mesh/api-route.ts";
import type { Api } from "#mesh/api-server.ts";
import { type NodeInfo, nodeInfo } from "#protocol/node-api.ts";
import { NODE_LIMITS } from "../limits.ts";
import { noteSettled } from "../orders/accept-order.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { type NodeEarnings, nodeEarnings } from "./earnings.ts";

export interface NodeRouteParts {
  readonly describe: () => NodeInfo;
  readonly orders: OrderParts;
  readonly owner: NodeInfo["owner"];
}

export function addNodeRoutes(api: Api, { describe, orders, owner }: NodeRouteParts): void {
  addRoute(
    api,
    { method: "get", path: "/v1/node", summary: "What the node is, can do and asks for.", answer: nodeInfo },
    describe,
  );
  let last: { readonly at: number; readonly earnings: Promise<NodeEarnings> } | undefined;
  addRoute(
    api,
    {
      method: "get",
      path: "/v1/earnings",
      summary: "What the node has earned, order by order.",
      answer: nodeEarnings,
    },
    () => {
      // One answer serves all who ask at about the same time: it costs calls to the chain.
      const now = performance.now();
      if (!last || now - last.at > NODE_LIMITS.chainAnswerMillis) last = { at: now, earnings: read(orders, owner) };
      return last.earnings;
    },
  );
}

async function read(orders: OrderParts, owner: NodeInfo["owner"]): Promise<NodeEarnings> {
  const uncollected = await refreshed(orders).catch(() => null);
  const lines = orders.reader
    .earningLines(NODE_LIMITS.earningLines)
    .map(({ order, lease, price, deadline, settled }) => ({
      order,
      lease,
      asked: price,
      deadline,
      settled,
    }));
  return { node: orders.node, owner, uncollected, lines };
}

/** Looks up what was settled since, among the newest orders, and what the chain holds for the node. */
async function refreshed(orders: OrderParts): Promise<bigint> {
  const grace = await orders.chain.graceSeconds();
  const open = orders.reader.earningLines(NODE_LIMITS.settlementLookups).filter(({ settled }) => !settled);
  const leases = [...new Set<Hex>(open.map(({ lease }) => lease))];
  for (const lease of leases) await noteSettled(orders, lease, grace);
  return (await orders.chain.readNode(orders.node))?.earned ?? 0n;
}
