import assert from "node:assert/strict";
import { test } from "node:test";
import { WASI_FUNCTION_NAMES, WASI_IMPORTS } from "#runtime/instance/wasi-imports.ts";
import { wasiLane } from "#runtime/instance/wasi-lane.ts";
import { bodyOf, command, invocation } from "./guest.ts";

/** One buffer of 1,000 bytes at 1,024, described at 0; sizes go to 8. */
const VECTOR = '(data (i32.const 0) "\\00\\04\\00\\00\\e8\\03\\00\\00")';
const WRITE_READ = `(i32.store (i32.const 4) (i32.load (i32.const 8)))
  (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))`;
const writeBytes = (address: number, length: number, descriptor = 1) =>
  `(i32.store (i32.const 0) (i32.const ${address})) (i32.store (i32.const 4) (i32.const ${length}))
   (drop (call $fd_write (i32.const ${descriptor}) (i32.const 0) (i32.const 1) (i32.const 8)))`;

test("the request's body comes in on stdin and stdout is the response's body", () => {
  const program = command(
    `(drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))) ${WRITE_READ}`,
    VECTOR,
  );
  for (const text of ["hello", "", "again"]) assert.equal(bodyOf(program.run(invocation(text))), text);
});

test("stderr is the log, also of a command that fails", () => {
  const program = command(`${writeBytes(64, 5, 2)} (call $proc_exit (i32.const 7))`, '(data (i32.const 64) "wrong")');
  const execution = program.run(invocation());
  assert.equal(execution.outcome, "guest-abort");
  assert.equal(execution.logs, "wrongExited with code 7.\n");
});

test("arguments, environment and what the request says", () => {
  const args = command(`(drop (call $args_get (i32.const 16) (i32.const 64))) ${writeBytes(64, 10)}`);
  assert.equal(bodyOf(args.run(invocation())), "guest\0one\0");
  const sizes = command(
    `(drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
     (drop (call $environ_get (i32.const 128) (i32.const 256)))
     (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.load (i32.const 20)))
     (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))`,
  );
  const variables = bodyOf(sizes.run(invocation("abc"))).split("\0");
  assert.deepEqual(variables, [
    ...[
      "COLOUR=green",
      "REQUEST_METHOD=POST",
      "REQUEST_URI=/path?query",
      "CONTENT_LENGTH=3",
      "CONTENT_TYPE=text/plain",
    ],
    "",
  ]);
});

test("clocks stand still at the invocation's time and randomness is seeded", () => {
  const program = command(
    `(drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 64)))
     (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 72)))
     (drop (call $random_get (i32.const 80) (i32.const 16))) ${writeBytes(64, 32)}`,
  );
  const first = program.run(invocation());
  assert.deepEqual(program.run(invocation()), first);
  const body = Buffer.from(first.response.slice(-32));
  assert.equal(body.readBigUInt64LE(0), 1_700_000_000_123_000_000n);
  assert.equal(body.readBigUInt64LE(8), 1_700_000_000_123_000_000n);
});

test("files, directories and sockets answer with an error number and never with success", () => {
  const success = new Set([
    ...["fd_write", "fd_read", "fd_fdstat_get", "fd_filestat_get", "fd_close", "fd_sync", "fd_datasync"],
    ...["fd_fdstat_set_flags", "proc_exit", "sched_yield", "random_get", "poll_oneoff"],
    ...["args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "clock_res_get", "clock_time_get"],
  ]);
  for (const name of WASI_FUNCTION_NAMES.filter((candidate) => !success.has(candidate))) {
    for (const descriptor of [0, 3]) {
      const type = WASI_IMPORTS.get(`wasi_snapshot_preview1.${name}`) ?? "";
      const params = type.slice(1, type.indexOf(")")).split(",").filter(Boolean);
      const args = params.map((param, place) => `(${param}.const ${place === 0 ? descriptor : 0})`).join(" ");
      const program = command(`(i32.store8 (i32.const 64) (call $${name} ${args})) ${writeBytes(64, 1)}`);
      const errno = bodyOf(program.run(invocation())).charCodeAt(0);
      assert.ok(errno > 0 && errno < 77, `${name} of ${descriptor} gave ${errno}`);
    }
  }
});

test("pointers outside the memory are faults, not traps of the host", () => {
  const calls = [
    "(call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 8))",
    "(call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const -1))",
    "(call $random_get (i32.const 65530) (i32.const 100))",
    "(call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 65533))",
    "(call $args_get (i32.const 65535) (i32.const 0))",
    "(call $poll_oneoff (i32.const 0) (i32.const 65000) (i32.const 60) (i32.const 0))",
  ];
  for (const call of calls) {
    const program = command(`(i32.store8 (i32.const 64) ${call}) ${writeBytes(64, 1)}`, VECTOR);
    assert.equal(bodyOf(program.run(invocation())).charCodeAt(0), 21, call);
  }
});

test("a sleep is over at once", () => {
  const program = command(
    `(i32.store8 (i32.const 64) (call $poll_oneoff (i32.const 512) (i32.const 1024) (i32.const 1) (i32.const 80))) ${writeBytes(64, 1)}`,
  );
  assert.equal(bodyOf(program.run(invocation())), "\0");
});

test("arguments that do not fit are refused", () => {
  assert.throws(() => wasiLane({ arguments: ["a\0b"], environment: {} }), { code: "environment-too-large" });
  assert.throws(() => wasiLane({ arguments: ["x".repeat(70_000)], environment: {} }), {
    code: "environment-too-large",
  });
});
