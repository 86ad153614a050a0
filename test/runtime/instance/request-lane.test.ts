import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { decodeResponse } from "#protocol/message.ts";
import { bodyOf, invocation, library } from "./guest.ts";

const echo = (part: number) =>
  `(call $response_write (i32.const 100) (call $request_read (i32.const ${part}) (i32.const 0) (i32.const 100) (call $request_length (i32.const ${part}))))`;

test("a library reads every part of the request", () => {
  const parts = [0, 1, 2, 3].map((part) => bodyOf(library(echo(part)).run(invocation("the body"))));
  assert.deepEqual(parts, ["the body", "POST", "/path?query", "content-type: text/plain\n"]);
  const later = library(
    "(call $response_write (i32.const 0) (call $request_read (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 99)))",
  );
  assert.equal(bodyOf(later.run(invocation("the body"))), "body");
  assert.equal(library("(drop (call $request_length (i32.const 4)))").run(invocation()).outcome, "guest-abort");
});

test("a library answers with status, headers and body", () => {
  const program = library(
    `(call $response_status (i32.const 404))
     (call $response_header (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1))
     (call $response_write (i32.const 0) (i32.const 1)) (call $response_write (i32.const 1) (i32.const 1))
     (call $log (i32.const 0) (i32.const 2))`,
    '(data (i32.const 0) "xy")',
  );
  const execution = program.run(invocation());
  const { status, headers, body } = decodeResponse(execution.response);
  assert.deepEqual([status, headers, new TextDecoder().decode(body)], [404, [["x", "y"]], "xy"]);
  assert.equal(execution.logs, "xy\n");
  assert.deepEqual([execution.usage.events, execution.usage.bytesOut], [5, execution.response.length]);
});

test("time, randomness and hashes come from the invocation alone", () => {
  const program = library(
    `(i64.store (i32.const 0) (call $now)) (call $random (i32.const 8) (i32.const 24))
     (call $sha256 (i32.const 0) (i32.const 32) (i32.const 32))
     (call $response_write (i32.const 0) (i32.const 64))`,
  );
  const body = Buffer.from(decodeResponse(program.run(invocation()).response).body);
  assert.equal(body.readBigInt64LE(0), 1_700_000_000_123n);
  assert.deepEqual(body.subarray(32), createHash("sha256").update(body.subarray(0, 32)).digest());
  assert.deepEqual(Buffer.from(decodeResponse(program.run(invocation()).response).body), body);
  const other = decodeResponse(program.run({ ...invocation(), seed: new Uint8Array(32) }).response).body;
  assert.notDeepEqual(Buffer.from(other).subarray(8, 32), body.subarray(8, 32));
});

test("host functions charge for the bytes they handle", () => {
  const program = (bytes: number) => library(`(call $sha256 (i32.const 0) (i32.const ${bytes}) (i32.const 0))`);
  const small = program(0).run(invocation()).usage.fuel;
  const large = program(10_000).run(invocation()).usage.fuel;
  assert.equal(large - small, 80_000n);
});
