import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LIMITS } from "#protocol/limits.ts";
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from "#protocol/message.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const value = fc
  .string({ unit: "grapheme", maxLength: 40 })
  .filter((text) => !/[\0\r\n]/.test(text) && text.isWellFormed());
const headers = fc.array(fc.tuple(name, value), { maxLength: 12 });
const body = fc.uint8Array({ maxLength: 300 });
const requests = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT"),
  url: value.map((text) => `/${text}`),
  headers,
  body,
});
const responses = fc.record({ status: fc.integer({ min: 200, max: 599 }), headers, body });
const refused = (code: string) => (error: unknown) => error instanceof ProtocolError && error.code === code;

test("a request reads back, headers sorted by name with equal names in order", () => {
  fc.assert(
    fc.property(requests, (request) => {
      const back = decodeRequest(encodeRequest(request));
      assert.deepEqual([back.method, back.url, [...back.body]], [request.method, request.url, [...request.body]]);
      for (const [name] of request.headers) {
        const of = (list: readonly (readonly [string, string])[]) =>
          list.filter((pair) => pair[0] === name).map((pair) => pair[1]);
        assert.deepEqual(of(back.headers), of(request.headers));
      }
      assert.deepEqual(
        back.headers.map(([name]) => name),
        request.headers.map(([name]) => name).toSorted(),
      );
    }),
  );
});

test("the order in which different headers are given makes no other bytes", () => {
  fc.assert(
    fc.property(responses, (response) => {
      const reversed = { ...response, headers: response.headers.toReversed() };
      const distinct = new Set(response.headers.map(([name]) => name)).size === response.headers.length;
      if (distinct) assert.deepEqual(encodeResponse(reversed), encodeResponse(response));
    }),
  );
});

test("there is one byte form: what decodes encodes to the same bytes", () => {
  fc.assert(
    fc.property(requests, fc.nat(), fc.integer({ min: 1, max: 255 }), (request, at, flip) => {
      const bytes = Uint8Array.from(encodeRequest(request));
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ flip;
      try {
        assert.deepEqual(encodeRequest(decodeRequest(bytes)), bytes);
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test("what is not a message is refused, never half read", () => {
  const frame = (head: string, rest = "") => {
    const text = new TextEncoder().encode(head);
    return new Uint8Array([text.length & 255, text.length >> 8, 0, 0, ...text, ...new TextEncoder().encode(rest)]);
  };
  for (const bytes of [
    new Uint8Array(0),
    new Uint8Array([1, 0, 0]),
    new Uint8Array([9, 0, 0, 0, 91]),
    frame("{}"),
    frame('["GET","/"]'),
    frame('["GET","/",[["A","b"]]]'),
    frame('["GET","/",[["b","1"],["a","2"]]]'),
    frame('["GET", "/",[]]'),
    frame('["get","/",[]]'),
    frame('["GET","x",[]]'),
    frame('["GET","/",[["a","line\\nbreak"]]]'),
    frame('["GET","/\\ud800",[]]'),
    frame('["GET","/",[["a b","c"]]]'),
    frame('["GET","/",[],1]'),
  ]) {
    assert.throws(() => decodeRequest(bytes), refused("message-malformed"));
  }
  for (const head of ["[99,[]]", "[200.5,[]]", '["200",[]]', "[600,[]]", "[200]"]) {
    assert.throws(() => decodeResponse(frame(head)), refused("message-malformed"));
  }
});

test("sizes are limited on both sides", () => {
  const base = { method: "POST", url: "/", headers: [], body: new Uint8Array(0) };
  const big = new Uint8Array(LIMITS.messageBodyBytes + 1);
  assert.throws(() => encodeRequest({ ...base, body: big }), refused("message-too-large"));
  assert.throws(
    () => encodeRequest({ ...base, url: `/${"x".repeat(LIMITS.messageHeadBytes)}` }),
    refused("message-too-large"),
  );
  const many = Array.from({ length: LIMITS.messageHeaders + 1 }, (_, index) => [`h${index}`, ""] as const);
  assert.throws(() => encodeRequest({ ...base, headers: many }), refused("message-too-large"));
  assert.throws(() => decodeRequest(new Uint8Array([255, 255, 255, 255])), refused("message-too-large"));
});
