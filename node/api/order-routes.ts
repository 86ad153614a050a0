// The routes of an order. Every one but the first wants the order's token.
import { Readable } from "node:stream";
import type { Context } from "hono";
import type { Hex } from "viem";
import { z } from "zod";
import { addRoute } from "#mesh/api-route.ts";
import type { Api } from "#mesh/api-server.ts";
import { LIMITS } from "#protocol/limits.ts";
import { commitmentSet, orderStatus, orderSubmission } from "#protocol/node-api.ts";
import { ORDER_STATES, type OrderState } from "#protocol/order-state.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { Digest } from "#protocol/units.ts";
import * as wire from "#protocol/wire.ts";
import type { OrderEngine } from "../orders/order-engine.ts";

const order = { order: wire.bytes32 };

export function addOrderRoutes(api: Api, engine: OrderEngine): void {
  addWayIn(api, engine);
  addWayOut(api, engine);
}

/** What a consumer sends: the order, its blobs, or that it no longer wants it. */
function addWayIn(api: Api, engine: OrderEngine): void {
  addRoute(
    api,
    {
      method: "post",
      path: "/v1/orders",
      summary: "Submit a signed order. The same order again answers its present status.",
      body: orderSubmission,
      answer: orderStatus,
      status: 202,
    },
    ({ body }) => engine.submit(body),
  );
  addRoute<{ order: Hex; digest: Digest }>(
    api,
    {
      method: "put",
      path: "/v1/orders/{order}/blobs/{digest}",
      summary: "Send a blob that the order's status lists as missing. The body is the blob itself.",
      params: { ...order, digest: wire.digest },
      authorized: true,
      answer: orderStatus,
    },
    ({ params, c }) => engine.addBlob(params.order, tokenOf(c), params.digest, bodyOf(c)),
  );
  addRoute<{ order: Hex }>(
    api,
    {
      method: "delete",
      path: "/v1/orders/{order}",
      summary: "Withdraw an order that is not committed.",
      params: order,
      authorized: true,
      answer: orderStatus,
    },
    ({ params, c }) => engine.cancel(params.order, tokenOf(c)),
  );
}

/** What a consumer is told: the status, the attestation for the committee's commitments, the answers. */
function addWayOut(api: Api, engine: OrderEngine): void {
  addRoute<{ order: Hex }, { after?: OrderState | undefined; wait?: number | undefined }>(
    api,
    {
      method: "get",
      path: "/v1/orders/{order}",
      summary: "The order's status; with `after` and `wait`, as soon as its state is another one.",
      params: order,
      query: { after: z.enum(ORDER_STATES).optional(), wait: wire.queryInteger(LIMITS.pollSeconds).optional() },
      authorized: true,
      answer: orderStatus,
    },
    ({ params, query, c }) =>
      engine.poll(params.order, tokenOf(c), {
        after: query.after,
        waitSeconds: query.wait ?? 0,
        signal: c.req.raw.signal,
      }),
  );
  addRoute(
    api,
    {
      method: "put",
      path: "/v1/orders/{order}/commitments",
      summary: "Send the committee's commitments; the node opens its answer and attests.",
      params: order,
      body: commitmentSet,
      authorized: true,
      answer: orderStatus,
    },
    ({ params, body, c }) => engine.attest(params.order, tokenOf(c), body),
  );
  addRoute<{ order: Hex; index: number }>(
    api,
    {
      method: "get",
      path: "/v1/orders/{order}/responses/{index}",
      summary: "The encoded response of one job of an attested order.",
      params: { ...order, index: wire.queryInteger(LIMITS.orderJobs - 1) },
      authorized: true,
      answer: "bytes",
    },
    async ({ params, c }) => {
      const bytes = await engine.response(params.order, tokenOf(c), params.index);
      return new Response(bytes as Uint8Array<ArrayBuffer>, {
        headers: { "content-type": "application/octet-stream" },
      });
    },
  );
}

function tokenOf(c: Context): string | undefined {
  return /^Bearer (0x[0-9a-f]{64})$/.exec(c.req.header("authorization") ?? "")?.[1];
}

/** The request's body as it comes in. @throws `body-too-large` from its announced length */
function bodyOf(c: Context): AsyncIterable<Uint8Array> {
  const size = Number(c.req.header("content-length") ?? 0);
  if (size > LIMITS.blobBytes) {
    throw new ProtocolError(
      "too-large",
      "body-too-large",
      `The blob has ${size} bytes, the limit is ${LIMITS.blobBytes}.`,
      {
        hint: "Split the work into several jobs.",
        context: { size, limit: LIMITS.blobBytes },
      },
    );
  }
  const { body } = c.req.raw;
  return body ?? Readable.from([]);
}
