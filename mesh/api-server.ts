// What every program's HTTP API has in common: problem+json, /healthz, /metrics, /openapi.json, limits on slow senders,
// and a port that moves up when it is taken.
import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { OpenAPIHono } from "@hono/zod-openapi";
import { Registry } from "prom-client";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError, toProblem } from "#protocol/protocol-error.ts";
import { toWire } from "#protocol/wire.ts";

export interface ApiOptions {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** Where a failure that is our own bug is written. */
  readonly onBug: (error: unknown) => void;
  /** Whether the program can do its work; throws a reason when it cannot. */
  readonly health: () => Promise<Record<string, unknown>> | Record<string, unknown>;
}

export interface Api {
  readonly app: OpenAPIHono;
  readonly metrics: Registry;
}

/** An API to which a program adds its own routes. */
export function createApi(options: ApiOptions): Api {
  const metrics = new Registry();
  const app = new OpenAPIHono();
  app.onError((error) => {
    if (!(error instanceof ProtocolError) || error.category === "internal") options.onBug(error);
    return problemResponse(error);
  });
  app.notFound((c) =>
    problemResponse(
      new ProtocolError("not-found", "route-unknown", `There is no ${c.req.method} ${c.req.path.slice(0, 120)} here.`, {
        hint: "See /openapi.json.",
      }),
    ),
  );
  app.get("/healthz", async () => {
    const details = await options.health();
    return jsonResponse({ status: "ok", ...details });
  });
  app.get(
    "/metrics",
    async () => new Response(await metrics.metrics(), { headers: { "content-type": metrics.contentType } }),
  );
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: options.title, version: options.version, description: options.description },
  });
  return { app, metrics };
}

/** A JSON answer in wire form: bigints as decimal strings. */
export function jsonResponse(value: unknown, status = 200): Response {
  return new Response(toWire(value), { status, headers: { "content-type": "application/json" } });
}

function problemResponse(error: unknown): Response {
  const problem = toProblem(error);
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if (problem.status === 429) headers["retry-after"] = "1";
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

export interface Listener extends AsyncDisposable {
  readonly port: number;
  /** Base URL without a trailing slash. */
  readonly url: string;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** How many ports above `port` to try when it is taken. */
  readonly portsTried?: number;
}

/**
 * Serves `app`. Closing ends open connections, long polls and event streams included.
 * @throws `port-taken`
 */
export async function listen(app: OpenAPIHono, { host, port, portsTried = 0 }: ListenOptions): Promise<Listener> {
  for (let tried = 0; ; tried++) {
    const server = createServer(
      {
        requestTimeout: LIMITS.requestSeconds * 1_000,
        headersTimeout: 10_000,
        maxHeaderSize: LIMITS.messageHeadBytes,
        connectionsCheckingInterval: 1_000,
      },
      getRequestListener(app.fetch),
    );
    server.maxConnections = LIMITS.apiConnections;
    try {
      return listenerOf(server, host, await bind(server, host, port === 0 ? 0 : port + tried));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      if (tried >= portsTried) throw portTaken(port, port + tried, error);
    }
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function listenerOf(server: Server, host: string, port: number): Listener {
  return {
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portTaken(first: number, last: number, cause: unknown): ProtocolError {
  const range = first === last ? `Port ${first} is` : `Ports ${first} to ${last} are`;
  return new ProtocolError("conflict", "port-taken", `${range} taken by another program.`, {
    hint: "Stop it, or choose another port.",
    context: { first, last },
    cause,
  });
}
