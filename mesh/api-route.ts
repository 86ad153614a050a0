// One route of an API: said once, so that what is documented in OpenAPI and what is checked cannot differ.
import type { Context } from "hono";
import { z } from "zod";
import { problem } from "#protocol/node-api.ts";
import { parseWire } from "#protocol/wire.ts";
import type { Api } from "./api-server.ts";
import { jsonResponse } from "./api-server.ts";
import { readJsonBody } from "./json-body.ts";

type Schema<Value> = z.ZodType<Value, unknown>;
type Fields<Values> = { readonly [Name in keyof Values]: Schema<Values[Name]> };

export interface Route<Params, Query, Body> {
  readonly method: "get" | "put" | "post" | "delete";
  /** With parameters in braces: `/v1/orders/{order}`. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly params?: Fields<Params>;
  readonly query?: Fields<Query>;
  /** A JSON body. */
  readonly body?: Schema<Body>;
  /** Whether `Authorization: Bearer` is wanted. */
  readonly authorized?: boolean;
  /** The answer's form, or `bytes`, or `events` for a stream of server-sent events. */
  readonly answer: z.ZodType | "bytes" | "events";
  readonly status?: number;
}

export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly c: Context;
}

/**
 * Adds a route. The handler's value becomes the JSON answer, unless it is a Response already.
 * What does not fit is refused with `message-refused` before the handler runs.
 */
export function addRoute<Params = unknown, Query = unknown, Body = unknown>(
  { app }: Api,
  route: Route<Params, Query, Body>,
  handler: (call: Call<Params, Query, Body>) => unknown,
): void {
  app.openAPIRegistry.registerPath(documented(route));
  const params = z.strictObject((route.params ?? {}) as z.ZodRawShape) as unknown as Schema<Params>;
  const query = z.strictObject((route.query ?? {}) as z.ZodRawShape) as unknown as Schema<Query>;
  app.on(route.method.toUpperCase(), route.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (c: Context) => {
    const call = {
      params: parseWire(params, c.req.param(), "path"),
      query: parseWire(query, c.req.query(), "query"),
      body: (route.body ? await readJsonBody(c, route.body, "body") : undefined) as Body,
      c,
    };
    const answer = await handler(call);
    return answer instanceof Response ? answer : jsonResponse(answer, route.status);
  });
}

function documented<Params, Query, Body>(route: Route<Params, Query, Body>) {
  const { params, query, body } = route;
  const request = {
    ...(params && { params: z.object(params as z.ZodRawShape) }),
    ...(query && { query: z.object(query as z.ZodRawShape) }),
    ...(body && { body: { required: true, content: { "application/json": { schema: body } } } }),
  };
  const media = { bytes: "application/octet-stream", events: "text/event-stream" } as const;
  const content =
    typeof route.answer === "string"
      ? { [media[route.answer]]: { schema: z.string() } }
      : { "application/json": { schema: route.answer } };
  return {
    method: route.method,
    path: route.path,
    summary: route.summary,
    request,
    ...(route.authorized && { security: [{ bearer: [] }] }),
    responses: {
      [route.status ?? 200]: { description: "Done.", content },
      default: { description: "Refused or failed.", content: { "application/problem+json": { schema: problem } } },
    },
  };
}
