import assert from "node:assert/strict";
import { test } from "node:test";
import { inTime } from "#mesh/in-time.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";

const refusals = {
  late: () => new ProtocolError("timeout", "late", "Too slow."),
  broken: (cause: unknown) => new ProtocolError("invalid", "broken", "Broken off.", { cause }),
};
const bytes = (text: string) => new TextEncoder().encode(text);

async function read(chunks: AsyncIterable<Uint8Array>, millis: number): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of inTime(chunks, { millis, ...refusals })) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

test("what comes in time is passed on as it is", async () => {
  async function* chunks() {
    yield bytes("one ");
    yield bytes("two");
  }
  assert.equal(await read(chunks(), 60_000), "one two");
});

test("a sender that falls silent is given up, and the source is closed", async () => {
  let closed = false;
  const silent: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async () => {
        closed = true;
        return { done: true, value: undefined };
      },
    }),
  };
  await assert.rejects(read(silent, 20), { code: "late" });
  assert.ok(closed);
});

test("a source that breaks is told as the caller wants it told", async () => {
  async function* chunks() {
    yield bytes("one");
    throw new Error("connection reset");
  }
  await assert.rejects(read(chunks(), 60_000), { code: "broken" });
});
