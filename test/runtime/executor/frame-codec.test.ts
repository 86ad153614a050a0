import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FRAME_PAYLOAD_OFFSET, FrameReader, newFrame } from "#runtime/executor/frame-codec.ts";

function frameOf(type: number, payload: Uint8Array): Buffer {
  const frame = newFrame(type, payload.length);
  frame.set(payload, FRAME_PAYLOAD_OFFSET);
  return frame;
}

test("frames come out whole however the stream is cut", () => {
  const frames = fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 300 })), { maxLength: 12 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (expected, cuts) => {
      const stream = Buffer.concat(expected.map(([type, payload]) => frameOf(type, payload)));
      const reader = new FrameReader();
      const seen: [number, Uint8Array][] = [];
      // One buffer for every piece, as the executor reads: what is kept must have been copied.
      const piece = Buffer.alloc(90);
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const length = Math.min(cuts[turn % cuts.length] ?? 1, stream.length - at);
        stream.copy(piece, 0, at, at + length);
        for (const { type, payload } of reader.push(piece.subarray(0, length))) seen.push([type, payload.slice()]);
        at += length;
      }
      assert.deepEqual(seen, expected);
    }),
    { numRuns: 200 },
  );
});

test("a length that no frame has is refused before anything is held", () => {
  for (const length of [0, 0xffffffff]) {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(length);
    assert.throws(() => [...new FrameReader().push(bytes)], { code: "frame-malformed" });
  }
});
