import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { answerOf, evaluate, run } from "./engine-fixture.ts";

test("Headers sort, join and refuse", () => {
  assert.deepEqual(
    evaluate(`(() => { const h = new Headers([["B", "2"], ["a", " 1 "]]); h.append("b", "3"); h.append("set-cookie", "x");
      h.append("Set-Cookie", "y"); h.set("c", "4"); h.delete("A");
      return [[...h], h.get("b"), h.has("A"), h.getSetCookie(), [...new Headers({ z: 1 }).keys()]]; })()`),
    [
      [
        ["b", "2, 3"],
        ["c", "4"],
        ["set-cookie", "x"],
        ["set-cookie", "y"],
      ],
      "2, 3",
      false,
      ["x", "y"],
      ["z"],
    ],
  );
  assert.match(run(`new Headers({ "bad name": "x" })`).logs, /not a header name/);
});

test("URLSearchParams parse, change and serialise like Node's", () => {
  const inputs = ["a=1&b=2&a=3", "?x=%20y+z&&k", "emoji=%F0%9F%98%80&plus=%2B", "a=b=c&%zz=%", "=v&n="];
  for (const input of inputs) {
    const expected = new URLSearchParams(input);
    assert.deepEqual(
      evaluate(
        `[[...new URLSearchParams(${JSON.stringify(input)})], String(new URLSearchParams(${JSON.stringify(input)}))]`,
      ),
      [[...expected], expected.toString()],
    );
  }
  assert.deepEqual(
    evaluate(`(() => { const p = new URLSearchParams({ b: "1", a: "ä &" }); p.append("b", "2"); p.sort(); p.set("b", "3");
      p.delete("missing"); return [String(p), p.size, p.getAll("b"), p.has("a", "ä &")]; })()`),
    ["a=%C3%A4+%26&b=3", 2, ["3"], true],
  );
});

test("text and bytes convert like Node's", () => {
  const bytes = [0x61, 0xff, 0xe2, 0x82, 0xac, 0xe2, 0x82, 0x62, 0xf0, 0x9f, 0x98, 0x80, 0, 0xed, 0xa0, 0x80];
  assert.equal(
    evaluate(`new TextDecoder().decode(new Uint8Array([${bytes}]))`),
    new TextDecoder().decode(new Uint8Array(bytes)),
  );
  assert.deepEqual(evaluate(`[...new TextEncoder().encode("aé€\\u{1f600}\\0\\ud800z")]`), [
    ...new TextEncoder().encode("aé€\u{1f600}\0\ud800z"),
  ]);
  assert.deepEqual(
    evaluate(`(() => { const d = new TextDecoder(); let out = ""; for (const b of [0xef,0xbb,0xbf,0xe2,0x82,0xac,0xf0,0x9f,0x98,0x80])
      out += d.decode(new Uint8Array([b]), { stream: true }); return out + d.decode(); })()`),
    "€😀",
  );
  assert.match(run(`new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([255]))`).logs, /TypeError/);
  assert.match(run(`new TextDecoder("latin1")`).logs, /RangeError/);
  assert.deepEqual(evaluate(`new TextEncoder().encodeInto("a€b", new Uint8Array(4))`), { read: 2, written: 4 });
});

test("base64 goes both ways and refuses", () => {
  for (const text of ["", "a", "ab", "abc", "\0ÿþ"]) {
    assert.equal(evaluate(`btoa(${JSON.stringify(text)})`), btoa(text));
    assert.equal(evaluate(`atob(${JSON.stringify(btoa(text))})`), text);
  }
  assert.equal(evaluate(`atob(" YW Jj ")`), "abc");
  assert.match(run(`atob("a")`).logs, /InvalidCharacterError/);
  assert.match(run(`btoa("€")`).logs, /InvalidCharacterError/);
});

test("digests equal Node's, and count as events", () => {
  for (const [name, node] of [
    ["SHA-1", "sha1"],
    ["SHA-256", "sha256"],
    ["SHA-384", "sha384"],
    ["sha-512", "sha512"],
  ]) {
    const execution = run(
      `const d = await crypto.subtle.digest("${name}", await request.bytes());
      return Response.json([...new Uint8Array(d)]);`,
      { request: { body: "abc" } },
    );
    assert.deepEqual(answerOf(execution), [
      ...createHash(node as string)
        .update("abc")
        .digest(),
    ]);
    assert.equal(execution.usage.events, 1);
  }
  assert.match(run(`await crypto.subtle.digest("MD5", new Uint8Array(1))`).logs, /NotSupportedError/);
});

test("randomness and time come from the invocation alone", () => {
  const body = `return Response.json([Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(4))],
    Date.now(), new Date().toISOString(), new Date(2024, 0, 1).getTimezoneOffset(), String(new Date(0))]);`;
  const first = answerOf(run(body, { virtualTimeMillis: 1_700_000_000_123 })) as unknown[];
  assert.deepEqual(answerOf(run(body, { virtualTimeMillis: 1_700_000_000_123 })), first);
  assert.notDeepEqual((answerOf(run(body, { seed: 2 })) as unknown[]).slice(0, 3), first.slice(0, 3));
  assert.deepEqual(first.slice(3), [
    1_700_000_000_123,
    "2023-11-14T22:13:20.123Z",
    0,
    "Thu Jan 01 1970 00:00:00 GMT+0000",
  ]);
  assert.match(String(first[1]), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("structuredClone copies deeply, keeps cycles and refuses functions", () => {
  assert.deepEqual(
    evaluate(`(() => { const o = { d: new Date(5), m: new Map([[1, new Set([2])]]), b: new Uint8Array([1, 2]), e: new RangeError("r") };
      o.self = o; const c = structuredClone(o);
      return [c !== o, c.self === c, c.d.getTime(), [...c.m.get(1)], [...c.b], c.e instanceof RangeError, c.e.message]; })()`),
    [true, true, 5, [2], [1, 2], true, "r"],
  );
  assert.match(run(`structuredClone(() => 1)`).logs, /DataCloneError/);
});

test("Request and Response follow the standard where they are", () => {
  assert.deepEqual(
    evaluate(`(async () => { const r = new Request("http://h/p", { method: "put", body: new URLSearchParams({ a: "1" }) });
      const c = r.clone(); const t = await r.text(); let twice = "read"; try { await r.text(); } catch (e) { twice = e.name; }
      return [r.method, r.headers.get("content-type"), t, await c.text(), twice, r.bodyUsed]; })()`),
    ["PUT", "application/x-www-form-urlencoded;charset=UTF-8", "a=1", "a=1", "TypeError", true],
  );
  assert.deepEqual(
    evaluate(`(async () => { const r = Response.json({ a: 1 }, { status: 202, statusText: "ok" }); const c = r.clone();
      return [r.status, r.ok, r.statusText, await c.json(), Response.redirect("http://x/", 301).headers.get("location"),
        (await new Response(new Uint8Array([1, 2]).buffer).bytes()).length, new Response(null, { status: 204 }).body]; })()`),
    [202, true, "ok", { a: 1 }, "http://x/", 2, null],
  );
  assert.match(run(`new Response("x", { status: 204 })`).logs, /no body/);
  assert.match(run(`new Response({ getReader() {} })`).logs, /Streams are not there/);
});

test("console shows values as lines", () => {
  const { logs } = run(`console.log("a", 1, { b: [1n, "x"], f() {} }, new Map([["k", 1]]), null, undefined);
    console.warn("w"); console.error(new Error("e")); const o = {}; o.o = o; console.log(o); return new Response();`);
  assert.match(
    logs,
    /^a 1 \{b: \[1n, "x"\], f: \[function f\]\} Map \{"k" => 1\} null undefined\nwarning: w\nerror: Error: e/,
  );
  assert.match(logs, /\{o: \[circular\]\}\n$/);
});

test("what is absent is absent", () => {
  assert.deepEqual(
    evaluate(`["setTimeout", "fetch", "process", "Buffer", "require", "WebAssembly", "Intl", "performance", "__host"]
      .filter((name) => typeof globalThis[name] !== "undefined")`),
    [],
  );
});

test("promises and microtasks run in order", () => {
  assert.deepEqual(
    evaluate(`(async () => { const order = []; queueMicrotask(() => order.push(1)); Promise.resolve().then(() => order.push(2));
      await null; order.push(3); await new Promise((done) => queueMicrotask(done)); return order; })()`),
    [1, 2, 3],
  );
});
