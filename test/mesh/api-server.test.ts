import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, test } from "node:test";
import { z } from "zod";
import { addRoute } from "#mesh/api-route.ts";
import { createApi, type Listener, listen } from "#mesh/api-server.ts";
import { callJson } from "#mesh/http-call.ts";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { queryInteger } from "#protocol/wire.ts";

let listener: Listener;
const bugs: unknown[] = [];
const api = createApi({
  title: "test",
  version: "1",
  description: "A test.",
  onBug: (error) => bugs.push(error),
  health: () => ({ answer: 42 }),
});
addRoute(
  api,
  {
    method: "post",
    path: "/v1/things/{thing}",
    summary: "Takes a thing.",
    params: { thing: z.string().regex(/^[a-z]+$/) },
    query: { limit: queryInteger(10).optional() as never },
    body: z.strictObject({ size: z.number() }) as never,
    answer: z.object({}),
    status: 201,
  },
  ({ params, query, body }) => ({ params, query, body, amount: 12n }),
);
addRoute(api, { method: "get", path: "/v1/bug", summary: "Fails.", answer: z.object({}) }, () => {
  throw new Error("secret detail");
});
addRoute(api, { method: "get", path: "/v1/refusal", summary: "Refuses.", answer: z.object({}) }, () => {
  throw new ProtocolError("funds", "too-poor", "Not enough.", { hint: "Earn.", context: { needed: 5n } });
});

before(async () => {
  listener = await listen(api.app, { host: "127.0.0.1", port: 0 });
});
after(() => listener[Symbol.asyncDispose]());

const post = (path: string, body: string | Uint8Array, type = "application/json") =>
  fetch(`${listener.url}${path}`, { method: "POST", body: body as never, headers: { "content-type": type } });

test("a good call is checked, answered with its status, and bigints are decimal text", async () => {
  const response = await post("/v1/things/box?limit=7", '{"size":3}');
  assert.equal(response.status, 201);
  assert.deepEqual(await response.json(), {
    params: { thing: "box" },
    query: { limit: 7 },
    body: { size: 3 },
    amount: "12",
  });
});

const REFUSED: readonly [
  name: string,
  path: string,
  body: string | Uint8Array,
  code: string,
  status: number,
  type?: string,
][] = [
  ["not JSON", "/v1/things/box", "{", "body-not-json", 400],
  ["another type", "/v1/things/box", "{}", "body-not-json", 400, "text/plain"],
  ["not UTF-8", "/v1/things/box", new Uint8Array([0x22, 0xff, 0x22]), "body-not-json", 400],
  ["deep", "/v1/things/box", `${"[".repeat(5_000)}${"]".repeat(5_000)}`, "body-too-deep", 400],
  ["too large", "/v1/things/box", `"${"x".repeat(LIMITS.jsonBodyBytes)}"`, "body-too-large", 413],
  ["a missing field", "/v1/things/box", "{}", "message-refused", 400],
  ["an unknown field", "/v1/things/box", '{"size":1,"more":2}', "message-refused", 400],
  ["a prototype", "/v1/things/box", '{"size":1,"__proto__":{}}', "message-refused", 400],
  ["a bad parameter", "/v1/things/B0X", '{"size":1}', "message-refused", 400],
  ["a bad query", "/v1/things/box?limit=99", '{"size":1}', "message-refused", 400],
  ["an unknown query", "/v1/things/box?other=1", '{"size":1}', "message-refused", 400],
  ["an unknown route", "/v1/nothing", "{}", "route-unknown", 404],
];
for (const [name, path, body, code, status, type] of REFUSED) {
  test(`${name} is refused as ${code}`, async () => {
    const response = await post(path, body, type);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    const problem = (await response.json()) as { code: string; hint: string };
    assert.equal(problem.code, code);
    assert.equal(typeof problem.hint, "string");
  });
}

test("a refusal comes back as the same error at the caller", async () => {
  const call = callJson({ method: "GET", base: listener.url, path: "/v1/refusal" });
  await assert.rejects(call, {
    category: "funds",
    code: "too-poor",
    message: "Not enough.",
    hint: "Earn.",
    context: { needed: "5" },
  });
});

test("a bug of ours shows nothing of its inside and is reported", async () => {
  const response = await fetch(`${listener.url}/v1/bug`);
  assert.equal(response.status, 500);
  assert.doesNotMatch(await response.text(), /secret/);
  assert.match(String(bugs.at(-1)), /secret detail/);
});

test("health, metrics and the OpenAPI document are there", async () => {
  assert.deepEqual(await (await fetch(`${listener.url}/healthz`)).json(), { status: "ok", answer: 42 });
  assert.equal((await fetch(`${listener.url}/metrics`)).status, 200);
  const document = (await (await fetch(`${listener.url}/openapi.json`)).json()) as { openapi: string; paths: object };
  assert.equal(document.openapi, "3.1.0");
  assert.deepEqual(Object.keys(document.paths), ["/v1/things/{thing}", "/v1/bug", "/v1/refusal"]);
});

test("a taken port moves up, or is refused", async () => {
  const { port } = listener;
  await assert.rejects(listen(api.app, { host: "127.0.0.1", port }), { code: "port-taken" });
  await using next = await listen(api.app, { host: "127.0.0.1", port, portsTried: 20 });
  assert.ok(next.port > port);
});

test("closing ends open connections", async () => {
  const other = await listen(api.app, { host: "127.0.0.1", port: 0 });
  const socket = connect(other.port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  await other[Symbol.asyncDispose]();
  await closed;
});

test("a peer that answers too much, or nothing of ours, is an error of its own", async () => {
  const base = listener.url;
  await assert.rejects(callJson({ method: "GET", base, path: "/openapi.json", answerBytesMax: 10 }), {
    code: "peer-answer-too-large",
  });
  await assert.rejects(
    callJson({ method: "GET", base, path: "/metrics" }).then(
      (value) => value ?? Promise.reject({ code: "peer-answer-malformed" }),
    ),
    {
      code: "peer-answer-malformed",
    },
  );
  await assert.rejects(callJson({ method: "GET", base: "http://127.0.0.1:9", path: "/" }), {
    code: "peer-unreachable",
    retryable: true,
  });
});

test("a peer that takes the call and says nothing ends in a timeout", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const call = callJson({ method: "GET", base: `http://127.0.0.1:${port}`, path: "/healthz", timeoutMillis: 50 });
  await assert.rejects(call, { code: "peer-timeout", category: "timeout" });
  silent.closeAllConnections();
  silent.close();
});
