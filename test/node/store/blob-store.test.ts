import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Hex } from "viem";
import { NODE_LIMITS } from "#node/limits.ts";
import { BlobStore } from "#node/store/blob-store.ts";
import { openStore } from "#node/store/open-store.ts";
import { digestOf } from "#protocol/digest.ts";
import type { Digest } from "#protocol/units.ts";
import { makeOrder, newKey, RATES } from "../order-fixture.ts";

const root = mkdtempSync(join(tmpdir(), "mimik-blobs-"));
after(() => rmSync(root, { recursive: true }));
let stores = 0;

function openBlobs(options: { bytesMax?: number; uploadMillis?: number } = {}) {
  const directory = join(root, `${++stores}`);
  const store = openStore(join(root, `${stores}.sqlite`));
  const clock = { now: 1_000 };
  const blobs = new BlobStore(store.reader, store.writer, {
    directory,
    bytesMax: 1_000,
    now: () => clock.now,
    ...options,
  });
  return { ...store, blobs, directory, clock, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield part;
}

test("a blob that arrives in pieces is kept under its digest", async () => {
  using box = openBlobs();
  const digest = digestOf(bytesOf("hello world"));
  await box.blobs.receive(digest, 11, chunks(bytesOf("hello "), bytesOf("world")));
  assert.deepEqual(await box.blobs.read(digest), Buffer.from("hello world"));
  assert.ok(box.reader.hasBlob(digest));
});

test("a wrong digest, a short, a long, a broken and a slow body leave nothing behind", async () => {
  const digest = digestOf(bytesOf("hello"));
  const never = async function* (): AsyncGenerator<Uint8Array> {
    yield bytesOf("h");
    await new Promise(() => {});
  };
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield bytesOf("h");
    throw new Error("connection reset");
  };
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    while (true) yield bytesOf("h");
  };
  const cases: readonly (readonly [string, AsyncIterable<Uint8Array>, uploadMillis?: number])[] = [
    ["blob-digest-wrong", chunks(bytesOf("jello"))],
    ["blob-size-wrong", chunks(bytesOf("hell"))],
    ["blob-size-wrong", endless()],
    ["blob-interrupted", broken()],
    // A busy machine must not be slow for the others.
    ["blob-too-slow", never(), 20],
  ];
  for (const [code, body, uploadMillis = 60_000] of cases) {
    using box = openBlobs({ uploadMillis });
    await assert.rejects(box.blobs.receive(digest, 5, body), { code });
    assert.deepEqual(readdirSync(box.directory), []);
    assert.equal(box.reader.hasBlob(digest), false);
  }
});

test("only so many bodies are received at once", async () => {
  using box = openBlobs({ uploadMillis: 1_000 });
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const gated = async function* (text: string): AsyncGenerator<Uint8Array> {
    await gate;
    yield bytesOf(text);
  };
  const texts = Array.from({ length: NODE_LIMITS.uploads }, (_, index) => `blob ${index}`);
  const held = texts.map((text) => box.blobs.receive(digestOf(bytesOf(text)), text.length, gated(text)));
  const one = bytesOf("one more");
  await assert.rejects(box.blobs.receive(digestOf(one), one.length, chunks(one)), { code: "blob-too-many-uploads" });
  open();
  await Promise.all(held);
  await box.blobs.receive(digestOf(one), one.length, chunks(one));
});

test("what no order needs is evicted, the longest unused first; what one needs is not", async () => {
  using box = openBlobs({ bytesMax: 25 });
  const { id, submission } = await makeOrder({ nodes: [newKey().address] });
  const { token: _token, ...kept } = submission;
  const needed = bytesOf("0123456789");
  const pinned = { ...kept, blobs: [{ digest: digestOf(needed), size: 10 }] };
  box.writer.acceptOrder({
    order: id,
    submission: pinned,
    rates: RATES,
    tokenHash: "",
    acceptedAt: 1,
    pinUntil: 2_000,
  });
  const put = async (text: string): Promise<Digest> => {
    const digest = digestOf(bytesOf(text));
    await box.blobs.receive(digest, text.length, chunks(bytesOf(text)));
    return digest;
  };
  const [first, second] = [await put("0123456789"), await put("abcdefghij")];
  const third = await put("ABCDEFGHIJ");
  assert.deepEqual(
    [first, second, third].map((digest) => box.reader.hasBlob(digest)),
    [true, false, true],
  );
  box.clock.now = 2_001;
  const fourth = await put("!!!!!!!!!!");
  assert.deepEqual(
    [first, third, fourth].map((digest) => box.reader.hasBlob(digest)),
    [false, true, true],
  );
  assert.equal(readdirSync(box.directory).length, 2);
});

test("a blob that rotted on the disk is gone, not served", async () => {
  using box = openBlobs();
  const order: Hex = `0x${"ab".repeat(32)}`;
  const digest = digestOf(bytesOf("hello"));
  await box.blobs.put(digest, bytesOf("hello"), { order, until: 2_000 });
  writeFileSync(join(box.directory, digest.slice(7)), "jello");
  await assert.rejects(box.blobs.read(digest), { code: "blob-missing" });
  assert.equal(box.reader.hasBlob(digest), false);
});

test("half a blob from before a crash is swept at the start", () => {
  const directory = join(root, "swept");
  using store = openStore(join(root, "swept.sqlite"));
  const options = { directory, bytesMax: 10, now: () => 0 };
  new BlobStore(store.reader, store.writer, options);
  writeFileSync(join(directory, "left.part"), "half");
  new BlobStore(store.reader, store.writer, options);
  assert.deepEqual(readdirSync(directory), []);
});
