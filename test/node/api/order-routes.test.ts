import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Problem, ProtocolError } from "#protocol/protocol-error.ts";
import type { JobOrder } from "#protocol/signed-messages.ts";
import { signMessage } from "#protocol/signing.ts";
import { toWire } from "#protocol/wire.ts";
import { FakeChain } from "../fake-foundation.ts";
import { finished, sendOrder, startTestNode, type TestNode } from "../node-fixture.ts";
import { DOMAIN, makeOrder, newKey, type TestOrder, unixNow } from "../order-fixture.ts";

// biome-ignore lint/suspicious/noExplicitAny: these tests exist to send what no type allows
type Anything = any;

const chain = new FakeChain();
let node: TestNode;
let url: string;
/** Waits for its blobs; nothing here completes it. */
let waiting: TestOrder;
/** Committed. */
let done: TestOrder;

before(async () => {
  node = await startTestNode({ chain });
  url = node.running.url;
  [waiting, done] = [await funded(), await funded()];
  await node.client.submitOrder(waiting.submission);
  await sendOrder(node, done);
  assert.equal((await finished(node, done)).state, "committed");
});
after(() => node[Symbol.asyncDispose]());

async function funded(message: Partial<JobOrder> = {}): Promise<TestOrder> {
  const order = await makeOrder({ nodes: [node.node, newKey().address], message });
  chain.fund(order.lease);
  return order;
}

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly type?: string;
  readonly token?: string;
}

async function send({ method = "POST", path, body, type = "application/json", token }: Sent) {
  const headers = { "content-type": type, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${url}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: body as string }),
  });
  const text = await response.text();
  return { status: response.status, type: response.headers.get("content-type"), problem: JSON.parse(text) as Problem };
}

async function assertRefused(sent: Sent, status: number, code: string): Promise<void> {
  const answer = await send(sent);
  assert.equal(answer.problem.code, code, `${sent.method ?? "POST"} ${sent.path}: ${JSON.stringify(answer.problem)}`);
  assert.equal(answer.status, status);
  assert.equal(answer.type, "application/problem+json");
  assert.ok(answer.problem.detail.length > 10);
}

/** The submission's JSON after a change to it. */
function changed(order: TestOrder, change: (json: Anything) => void): string {
  const json = JSON.parse(toWire(order.submission));
  change(json);
  return JSON.stringify(json);
}

test("bodies that are no submission", async () => {
  const good = toWire((await funded()).submission);
  const bodies: readonly (readonly [string | Uint8Array, number, string])[] = [
    ["", 400, "body-not-json"],
    ["{", 400, "body-not-json"],
    ["null", 400, "message-refused"],
    ["[]", 400, "message-refused"],
    ["{}", 400, "message-refused"],
    ['"order"', 400, "message-refused"],
    [`${"[".repeat(100)}${"]".repeat(100)}`, 400, "body-too-deep"],
    [" ".repeat(256 * 1024 + 1), 413, "body-too-large"],
    [new Uint8Array([0x22, 0xff, 0x22]), 400, "body-not-json"],
    [good.replace("{", '{"extra":1,'), 400, "message-refused"],
    [good.replace("{", '{"__proto__":{"a":1},'), 400, "message-refused"],
  ];
  for (const [body, status, code] of bodies) await assertRefused({ path: "/v1/orders", body }, status, code);
  await assertRefused({ path: "/v1/orders", body: good, type: "text/plain" }, 400, "body-not-json");
});

test("submissions with one field that does not fit", async () => {
  const order = await funded();
  const changes: readonly ((json: Anything) => void)[] = [
    (json) => (json.order.message.nonce = -1),
    (json) => (json.order.message.nonce = 2 ** 32),
    (json) => (json.order.message.nonce = 1.5),
    (json) => (json.order.message.maxPrice = "-1"),
    (json) => (json.order.message.maxPrice = "1e9"),
    (json) => (json.order.message.maxPrice = "٣"),
    (json) => (json.order.message.maxPrice = "9".repeat(30)),
    (json) => (json.order.message.quorumBps = 5_000),
    (json) => (json.order.message.deadline = "soon"),
    (json) => (json.order.signature = "0x"),
    (json) => (json.order.signature = json.order.signature.toUpperCase()),
    (json) => json.lease.nodes.reverse(),
    (json) => (json.lease.nodes = []),
    (json) => (json.lease.nodes = Array(17).fill(json.lease.nodes[0])),
    (json) => (json.lease.consumer = "vitalik.eth"),
    (json) => (json.jobs = []),
    (json) => (json.jobs = Array(257).fill(json.jobs[0])),
    (json) => (json.jobs[0].image = "sha512:00"),
    (json) => (json.jobs[0].fuel = "200000000001"),
    (json) => (json.jobs[0].memoryPages = 8_193),
    (json) => (json.jobs[0].responseBytes = 0),
    (json) => (json.blobs = []),
    (json) => (json.blobs[0].size = -1),
    (json) => (json.blobs[0].size = 17 * 1024 * 1024 + 1),
    (json) => (json.token = "secret"),
    (json) => delete json.token,
  ];
  for (const change of changes) {
    await assertRefused({ path: "/v1/orders", body: changed(order, change) }, 400, "message-refused");
  }
});

test("submissions that fit and are refused by the rules", async () => {
  const post = (order: TestOrder, change: (json: Anything) => void = () => {}) => ({
    path: "/v1/orders",
    body: changed(order, change),
  });
  const order = await funded();
  await assertRefused(
    post(order, (json) => (json.order.message.maxPrice = "7")),
    401,
    "signature-invalid",
  );
  const otherChain = await signMessage(newKey(), { ...DOMAIN, chainId: 1 }, "JobOrder", order.submission.order.message);
  await assertRefused(
    post(order, (json) => (json.order.signature = otherChain.signature)),
    401,
    "signature-invalid",
  );
  await assertRefused(
    post(order, (json) => (json.lease.salt = `0x${"0".repeat(64)}`)),
    400,
    "lease-differs",
  );
  await assertRefused(post(await makeOrder({ nodes: [newKey().address] })), 422, "not-in-committee");
  await assertRefused(
    post(order, (json) => (json.jobs[0].virtualTimeMillis = 1)),
    400,
    "jobs-differ",
  );
  await assertRefused(post(await funded({ deadline: unixNow() - 1 })), 422, "deadline-out-of-range");
  await assertRefused(post(await makeOrder({ nodes: [node.node] })), 402, "lease-not-live");
  await assertRefused(post(await funded({ maxPrice: 10n ** 12n })), 402, "lease-underfunded");
  await assertRefused(post(await funded({ maxPrice: 1n })), 422, "price-cap-too-low");
  await assertRefused(
    post(order, (json) => json.blobs.pop()),
    400,
    "blob-undeclared",
  );
  await assertRefused(post(await funded({ nonce: 0 })), 409, "nonce-used");
});

test("the same nonce in another order, and the same order under another token", async () => {
  const sessionKey = newKey();
  const salt = `0x${"07".repeat(32)}` as const;
  const first = await makeOrder({ nodes: [node.node], sessionKey, salt });
  const second = await makeOrder({ nodes: [node.node], sessionKey, salt, message: { maxPrice: 999_999n } });
  chain.fund(first.lease);
  await node.client.submitOrder(first.submission);
  await assert.rejects(node.client.submitOrder(second.submission), { code: "nonce-used" });
  const thief = { ...first.submission, token: `0x${"99".repeat(32)}` as const };
  await assert.rejects(node.client.submitOrder(thief), { code: "token-invalid" });
  assert.equal((await node.client.submitOrder(first.submission)).state, "waiting");
});

test("blobs that are not what the order declared", async () => {
  const { id, submission, blobs } = waiting;
  const [digest, bytes] = [...blobs][0] as [string, Uint8Array];
  const put = (body: Uint8Array, named = digest, token: string = submission.token): Sent => ({
    method: "PUT",
    path: `/v1/orders/${id}/blobs/${named}`,
    type: "application/octet-stream",
    body,
    token,
  });
  const flipped = bytes.map((byte) => byte ^ 1);
  await assertRefused(put(flipped), 400, "blob-digest-wrong");
  await assertRefused(put(bytes.subarray(1)), 400, "blob-size-wrong");
  await assertRefused(put(Buffer.concat([bytes, bytes])), 400, "blob-size-wrong");
  await assertRefused(put(bytes, `sha256:${"0".repeat(64)}`), 400, "blob-undeclared");
  await assertRefused(put(bytes, "sha256:zz"), 400, "message-refused");
  await assertRefused(put(bytes, "..%2f..%2fnode.sqlite"), 400, "message-refused");
  await assertRefused(put(bytes, digest, `0x${"1".repeat(64)}`), 401, "token-invalid");
  await assertRefused(put(new Uint8Array(17 * 1024 * 1024 + 1)), 413, "body-too-large");
  const status = await node.client.orderStatus(id, submission.token);
  assert.deepEqual([status.state, status.missing.length], ["waiting", 2]);
});

test("an order's routes want its token, known states and numbers within limits", async () => {
  const { id, submission } = done;
  const { token } = submission;
  const path = `/v1/orders/${id}`;
  const set = (commitments: unknown) => JSON.stringify({ commitments });
  const cases: readonly (readonly [Sent, number, string])[] = [
    [{ method: "GET", path }, 401, "token-invalid"],
    [{ method: "GET", path, token: "" }, 401, "token-invalid"],
    [{ method: "GET", path, token: `${token}, ${token}` }, 401, "token-invalid"],
    [{ method: "DELETE", path, token: waiting.submission.token }, 401, "token-invalid"],
    [{ method: "GET", path: `/v1/orders/0x${"0".repeat(64)}`, token }, 404, "order-unknown"],
    [{ method: "GET", path: "/v1/orders/latest", token }, 400, "message-refused"],
    [{ method: "GET", path: `${path}?after=done&wait=1`, token }, 400, "message-refused"],
    [{ method: "GET", path: `${path}?after=committed&wait=21`, token }, 400, "message-refused"],
    [{ method: "GET", path: `${path}?after=committed&wait=-1`, token }, 400, "message-refused"],
    [{ method: "GET", path: `${path}?extra=1`, token }, 400, "message-refused"],
    [{ method: "GET", path: `${path}/responses/0`, token }, 409, "order-state"],
    [{ method: "GET", path: `${path}/responses/256`, token }, 400, "message-refused"],
    [{ method: "DELETE", path, token }, 409, "order-state"],
    [{ method: "PUT", path: `${path}/commitments`, token, body: set([]) }, 400, "message-refused"],
    [{ method: "PUT", path: `${path}/commitments`, token, body: set([{}]) }, 400, "message-refused"],
    [
      {
        method: "PUT",
        path: `/v1/orders/${waiting.id}/commitments`,
        token: waiting.submission.token,
        body: set(await ownOf(done)),
      },
      409,
      "order-state",
    ],
    [{ method: "PUT", path: `${path}/commitments`, token, body: set(await ownOf(done)) }, 409, "commitments-missing"],
    [{ method: "PATCH", path, token }, 404, "route-unknown"],
    [{ method: "GET", path: "/v2/node" }, 404, "route-unknown"],
  ];
  for (const [sent, status, code] of cases) await assertRefused(sent, status, code);
});

async function ownOf({ id, submission }: TestOrder) {
  return [(await node.client.orderStatus(id, submission.token)).commitment];
}

test("a chain that does not answer is said so, and the order can be sent again", async () => {
  const order = await funded();
  chain.down = new ProtocolError("unreachable", "chain-unreachable", "The chain does not answer.");
  try {
    await assert.rejects(node.client.submitOrder(order.submission), { code: "chain-unreachable", retryable: true });
  } finally {
    chain.down = undefined;
  }
  assert.equal((await node.client.submitOrder(order.submission)).state, "waiting");
});

test("after all of it the node still serves, and its document names every route", async () => {
  const order = await funded();
  await sendOrder(node, order);
  assert.equal((await finished(node, order)).state, "committed");
  const { openapi, paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { openapi: string; paths: object };
  assert.equal(openapi, "3.1.0");
  assert.deepEqual(Object.keys(paths).sort(), [
    "/v1/attestations",
    "/v1/cases/{order}",
    "/v1/cases/{order}/blobs/{digest}",
    "/v1/cases/{order}/votes",
    "/v1/claims",
    "/v1/clearings",
    "/v1/earnings",
    "/v1/node",
    "/v1/orders",
    "/v1/orders/{order}",
    "/v1/orders/{order}/blobs/{digest}",
    "/v1/orders/{order}/commitments",
    "/v1/orders/{order}/responses/{index}",
    "/v1/vouchers",
  ]);
});
