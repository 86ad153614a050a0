import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { FRAME_PAYLOAD_OFFSET } from "#runtime/executor/frame-codec.ts";
import {
  decodeDone,
  decodeEngine,
  decodeLoad,
  decodeRefused,
  decodeRun,
  encodeDone,
  encodeEngine,
  encodeLoad,
  encodeRefused,
  encodeRun,
} from "#runtime/executor/messages.ts";

const payloadOf = (frame: Buffer) => new Uint8Array(frame.subarray(FRAME_PAYLOAD_OFFSET));

test("calls, results, refusals and images come out as they went in", () => {
  const invocation = {
    request: Uint8Array.of(1, 2, 3),
    virtualTimeMillis: 1_700_000_000_123,
    seed: new Uint8Array(32).fill(9),
    limits: { fuel: 200_000_000_000n, memoryPages: 8_192, responseBytes: 16_777_216 },
  };
  assert.deepEqual(decodeRun(payloadOf(encodeRun({ call: 7, image: 8, invocation }))), {
    call: 7,
    image: 8,
    invocation,
  });
  const usage = { fuel: 12_345_678_901n, memoryPages: 300, bytesIn: 5, bytesOut: 2, events: 3 };
  const execution = { outcome: "trap", response: Uint8Array.of(4, 5), usage, logs: "line\n" } as const;
  const done = { call: 7, micros: 11, execution };
  assert.deepEqual(
    decodeDone(payloadOf(encodeDone(done)), () => 5),
    done,
  );
  const error = new ProtocolError("rejected", "import-refused", "No.", { hint: "Do not." });
  const refused = decodeRefused(payloadOf(encodeRefused({ call: 1, error })));
  assert.deepEqual(
    [refused.call, refused.error.code, refused.error.category, refused.error.hint],
    [1, "import-refused", "rejected", "Do not."],
  );
  const config = {
    kind: "wasi",
    name: "x",
    version: "1",
    limits: invocation.limits,
    runtime: { meteringVersion: 1 },
    arguments: ["x"],
    environment: { A: "b" },
  } as const;
  assert.deepEqual(decodeLoad(payloadOf(encodeLoad({ image: 3, config, layer: Uint8Array.of(6) }))), {
    image: 3,
    config,
    layer: Uint8Array.of(6),
  });
  const engine = {
    wasm: Uint8Array.of(1),
    prelude: [{ name: "a.js", source: Uint8Array.of(2, 3) }],
    meteringVersion: 4,
  };
  assert.deepEqual(decodeEngine(payloadOf(encodeEngine(engine))), engine);
});

test("what a taken-over executor may send is read or refused, never believed", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      for (const decode of [(payload: Uint8Array) => decodeDone(payload, () => 0), decodeRefused]) {
        try {
          decode(bytes);
        } catch (error) {
          assert.ok(error instanceof ProtocolError && error.code === "executor-malformed", String(error));
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
