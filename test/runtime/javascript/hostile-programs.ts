// Microservices that attack their engine or their host, each with the outcome that it must have everywhere.
import type { OutcomeKind } from "#protocol/usage.ts";

/** Stopped by the meter's depth, or by the engine's own error just before it. */
const DEEP: readonly OutcomeKind[] = ["too-deep", "guest-abort"];

export const HOSTILE: Readonly<Record<string, readonly [outcome: OutcomeKind | readonly OutcomeKind[], body: string]>> =
  {
    "infinite loop": ["out-of-fuel", `for (;;);`],
    "endless microtasks": [
      "out-of-fuel",
      `queueMicrotask(function again() { queueMicrotask(again); }); return new Response("x");`,
    ],
    "endless await": ["out-of-fuel", `while (true) await null;`],
    "catastrophic regular expression": ["out-of-fuel", `return new Response(String(/(a+)+b/.test("a".repeat(60))));`],
    "caught recursion": [
      "ok",
      `let depth = 0; const dive = () => { depth++; return dive() + 1; }; try { dive(); } catch (error) { return Response.json([depth, error.name]); }`,
    ],
    "recursion with growing arguments": [
      "out-of-fuel",
      `let depth = 0; const dive = (...all) => { depth++; return dive(...all, 1) + 1; }; try { dive(); } catch (error) { return Response.json(depth); }`,
    ],
    "recursion through native code": [DEEP, `const dive = () => [1].map(dive); dive();`],
    "recursion through getters": [DEEP, `class A { get x() { return this.x; } } return Response.json(new A().x);`],
    "recursion through a proxy": [
      DEEP,
      `const p = new Proxy({}, { get: (t, k, r) => r[k] }); return Response.json(p.x);`,
    ],
    "recursion through toString": [DEEP, `const o = { toString: () => String(o) }; return new Response(o);`],
    "recursion through toJSON": [
      DEEP,
      `const toJSON = () => JSON.stringify({ toJSON }); return new Response(toJSON());`,
    ],
    "deep JSON": [DEEP, `JSON.parse("[".repeat(50000));`],
    "deep source": [DEEP, `return Response.json(eval("(".repeat(20000) + 1 + ")".repeat(20000)));`],
    "deep regular expression": [
      DEEP,
      `return Response.json(new RegExp("(?:".repeat(20000) + ")".repeat(20000)).test("x"));`,
    ],
    "deep object": [
      "ok",
      `let o = {}; for (let i = 0; i < 15000; i++) o = { o }; o = null; return new Response("freed");`,
    ],
    "memory bomb": ["guest-abort", `const all = []; for (;;) all.push(new Uint8Array(1e6));`],
    "string bomb": ["guest-abort", `let s = "a"; for (let i = 0; i < 40; i++) s += s; return new Response(s);`],
    "huge array length": ["ok", `const a = []; a[4e9] = 1; a.length = 4e9; return Response.json(a.length);`],
    "oversized response": ["guest-abort", `return new Response("x".repeat(1_100_000));`],
    "header flood": [
      "guest-abort",
      `return new Response("x", { headers: Array.from({ length: 500 }, (_, i) => ["a" + i, "b"]) });`,
    ],
    "log flood": ["out-of-fuel", `let s = "x"; for (;;) console.log((s += s.slice(0, 100000)));`],
    "throwing iterator on arrays": [
      "ok",
      `Array.prototype[Symbol.iterator] = function* () { throw 5; }; return new Response("x");`,
    ],
    "getter on Object.prototype": [
      "guest-abort",
      `Object.defineProperty(Object.prototype, "0", { get() { throw new Error("polluted"); } }); return Response.json([1]);`,
    ],
    "replaced JSON.stringify": ["guest-abort", `JSON.stringify = () => "[200,[]]]]"; return new Response("x");`],
    "head that is no pair": ["guest-abort", `JSON.stringify = () => "{}"; return new Response("x");`],
    "status that is no number": ["guest-abort", `JSON.stringify = () => '["200",[]]'; return new Response("x");`],
    "the prelude's own modules": [
      "guest-abort",
      `const { host } = await import("./host.js"); host.respond("[200,[]]", 5); return new Response("x");`,
    ],
    "host functions with nonsense": [
      "ok",
      `const { host } = await import("./host.js"); const errors = []; for (const name of Object.keys(host)) for (const values of [[], [1], [{}], ["x", -1, -1, 1], [new ArrayBuffer(4), 2, 9, 0], [0, new ArrayBuffer(1), 1e300, NaN]])
      if (name !== "respond" && name !== "fail") try { host[name](...values); } catch (error) { errors.push(error.name); } return Response.json([Object.keys(host).length, errors.length > 20]);`,
    ],
    "memory seen through a buffer": [
      "guest-abort",
      `const { host } = await import("./host.js"); host.utf8Decode({ byteLength: 1e9 }, 0);`,
    ],
  };
