import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS as PROTOCOL_LIMITS } from "#protocol/limits.ts";
import { decodeResponse } from "#protocol/message.ts";
import { answerOf, invocation, LIMITS, program, run, textOf } from "./engine-fixture.ts";

test("a handler sees the request whole and its answer comes out whole", () => {
  const execution = run(
    `return new Response(request.method + " " + request.url + " " + request.headers.get("x-a") + " " + await request.text(),
      { status: 201, headers: { "X-B": "two", "a-first": "1" } });`,
    { request: { url: "/p?q=1", headers: [["x-a", "1"]], body: "héllo \0 €" } },
  );
  const response = decodeResponse(execution.response);
  assert.equal(response.status, 201);
  assert.deepEqual(response.headers, [
    ["a-first", "1"],
    ["content-type", "text/plain;charset=UTF-8"],
    ["x-b", "two"],
  ]);
  assert.equal(textOf(execution), "POST http://localhost/p?q=1 1 héllo \0 €");
  assert.equal(execution.outcome, "ok");
  assert.equal(execution.usage.bytesOut, execution.response.length);
});

test("binary bodies survive both ways", () => {
  const body = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256);
  const execution = run("return new Response(await request.arrayBuffer());", { request: { body } });
  assert.deepEqual(decodeResponse(execution.response).body, body);
});

test("every call starts from the same state and costs the same", () => {
  const counter = program(`let count = 0; const seen = [];
    export default { fetch() { count++; seen.push("x".repeat(1000)); Array.prototype.evil = 1; Object.prototype.bad = 2;
      globalThis.leak = (globalThis.leak ?? 0) + 1; return Response.json([count, seen.length, leak]); } }`);
  const first = counter.run(invocation());
  const second = counter.run(invocation());
  assert.deepEqual(answerOf(first), [1, 1, 1]);
  assert.deepEqual(second, first);
});

test("a call that ended badly leaves nothing for the next", () => {
  const mixed = program(`export default { fetch(request) { const path = new URL(request.url).pathname;
    if (path === "/loop") for (;;); if (path === "/deep") { const f = () => f() + 1; return f(); }
    if (path === "/grow") { const a = []; for (;;) a.push(new Uint8Array(1e6)); }
    if (path === "/throw") throw new Error("no"); return Response.json(Math.random()); } }`);
  const good = mixed.run(invocation());
  for (const [url, outcome] of [
    ["/loop", "out-of-fuel"],
    ["/grow", "guest-abort"],
    ["/throw", "guest-abort"],
  ] as const) {
    const bad = mixed.run(invocation({ request: { url }, limits: { fuel: 300_000_000n } }));
    assert.equal(bad.outcome, outcome, url);
    assert.deepEqual(mixed.run(invocation()), good, url);
  }
  const deep = mixed.run(invocation({ request: { url: "/deep" } }));
  assert.ok(["too-deep", "guest-abort"].includes(deep.outcome));
  assert.deepEqual(mixed.run(invocation()), good);
});

test("failures end as guest-abort with a fixed answer and the reason in the log", () => {
  const cases: readonly (readonly [body: string, log: RegExp])[] = [
    [`throw new TypeError("boom")`, /error: TypeError: boom/],
    [`return 5`, /must answer with a Response, not 5/],
    [`return new Promise(() => {})`, /never settles/],
    [`return Promise.reject("plain")`, /error: plain/],
    [`return new Response("x".repeat(2_000_000))`, /limit is 1048576/],
    [`return new Response("", { headers: { "content-type": "a\\nb" } })`, /NUL, CR or LF/],
    [`return new Response("x", { status: 99 })`, /200 to 599/],
  ];
  const [first] = cases.map(([body, log]) => {
    const execution = run(body);
    assert.equal(execution.outcome, "guest-abort", body);
    assert.match(execution.logs, log);
    assert.equal(decodeResponse(execution.response).status, 500);
    return execution.response;
  });
  assert.ok(first);
  for (const [body] of cases) assert.deepEqual(run(body).response, first);
});

test("a source that cannot be loaded answers every call with the reason, for the fuel that loading took", () => {
  for (const [source, log] of [
    ["export default { fetch( }", /SyntaxError/],
    ["throw new Error('at load')", /at load/],
    ["export const x = 1", /no fetch/],
    ["await new Promise(() => {}); export default { fetch() {} }", /never happens/],
    ["import 'node:fs'; export default { fetch() {} }", /could not load module/],
    ["crypto.randomUUID(); export default { fetch() {} }", /no randomness before/],
  ] as const) {
    const broken = program(source);
    const execution = broken.run(invocation());
    assert.equal(execution.outcome, "guest-abort", source);
    assert.match(execution.logs, log);
    assert.deepEqual(broken.run(invocation()), execution);
    const poor = broken.run(invocation({ limits: { fuel: 10n } }));
    assert.equal(poor.outcome, "out-of-fuel");
    assert.equal(poor.usage.fuel, 10n);
  }
});

test("top-level await and loading state work", () => {
  const waits = program(`const value = await Promise.resolve(41).then((n) => n + 1);
    export default { fetch: () => Response.json([value, Date.now()]) }`);
  assert.deepEqual(answerOf(waits.run(invocation({ virtualTimeMillis: 1_700_000_000_000 }))), [42, 1_700_000_000_000]);
});

test("a call needs the memory pages that it asks for", () => {
  const execution = run(`return new Response("x")`, { limits: { memoryPages: 10 } });
  assert.equal(execution.outcome, "guest-abort");
  assert.match(execution.logs, /needs 512 memory pages/);
});

test("memory is counted as far as it is used, and given back", () => {
  const grows =
    program(`export default { fetch(request) { const size = Number(new URL(request.url).searchParams.get("mib"));
    return Response.json(new Uint8Array(size * 1048576).length); } }`);
  const small = grows.run(invocation({ request: { url: "/?mib=1" } }));
  const large = grows.run(invocation({ request: { url: "/?mib=16" } }));
  assert.ok(large.usage.memoryPages > small.usage.memoryPages);
  assert.ok(large.usage.fuel > small.usage.fuel);
  assert.deepEqual(grows.run(invocation({ request: { url: "/?mib=1" } })), small);
});

test("the log is cut at its limit and counts as events", () => {
  const execution = run(`for (let i = 0; i < 500; i++) console.log("x".repeat(999)); return new Response("done");`);
  assert.equal(execution.outcome, "ok");
  assert.equal(execution.usage.events, 500);
  assert.ok(Buffer.byteLength(execution.logs) < 66_000);
});

test("a call that asks its host without end is ended, and leaves nothing to the next", () => {
  const asks =
    program(`export default { fetch({ url }) { for (let i = 0; url.endsWith("/ask") || i < 2; i++) console.log("");
    return new Response("done"); } }`);
  const calm = asks.run(invocation());
  const execution = asks.run(invocation({ request: { url: "/ask" }, limits: { fuel: 4_000_000_000n } }));
  assert.equal(execution.outcome, "guest-abort", `${execution.usage.events} events`);
  assert.equal(execution.usage.events, PROTOCOL_LIMITS.jobEvents);
  assert.deepEqual(asks.run(invocation()), calm);
});

test("a catastrophic regular expression runs out of fuel", () => {
  const execution = run(`return new Response(String(/(a+)+b/.test("a".repeat(60))))`, {
    limits: { fuel: 200_000_000n },
  });
  assert.equal(execution.outcome, "out-of-fuel");
  assert.equal(execution.usage.fuel, 200_000_000n);
  assert.ok(LIMITS.fuel > execution.usage.fuel);
});
