import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type Hex, numberToHex } from "viem";
import { openStore } from "#node/store/open-store.ts";
import type { BlsKey, BlsSignature } from "#protocol/bls.ts";
import type { NodeId } from "#protocol/units.ts";

const root = mkdtempSync(join(tmpdir(), "mimik-court-store-"));
after(() => rmSync(root, { recursive: true }));
const hash = (value: number): Hex => numberToHex(value, { size: 32 });
const checkpoint = (block: number) => ({ block, hash: hash(block), log: 0 });
const opened = (order: number, closesAt = 1_000) => ({
  order: hash(order),
  lease: hash(0),
  subject: hash(order),
  closesAt,
});

test("of an order's verdicts the first stands, over restarts and reorganisations", () => {
  const path = join(root, "verdicts.sqlite");
  const order = hash(7);
  {
    using store = openStore(path);
    store.court.note({ type: "opened", opened: opened(7), block: 5 }, checkpoint(5));
    assert.equal(store.court.openVerdict(order, hash(1), 1_000), hash(1));
    store.court.note({ type: "reorg", from: 5 }, checkpoint(4));
    assert.equal(store.court.caseOf(order), undefined);
  }
  using store = openStore(path);
  store.court.note({ type: "opened", opened: opened(7), block: 5 }, checkpoint(5));
  assert.equal(store.court.openVerdict(order, hash(2), 1_000), hash(1));
  store.court.prune(1_000, 100);
  assert.equal(store.court.openVerdict(order, hash(2), 1_000), hash(1));
  store.court.prune(1_001, 100);
  assert.equal(store.court.verdict(order), undefined);
  assert.equal(store.court.caseOf(order), undefined);
});

test("what the chain told is gone on with from the last checkpoint, and taken back with its blocks alone", () => {
  const path = join(root, "checkpoint.sqlite");
  {
    using store = openStore(path);
    assert.equal(store.court.checkpoint(), undefined);
    store.court.note({ type: "opened", opened: opened(1), block: 3 }, checkpoint(3));
    store.court.note({ type: "opened", opened: opened(2), block: 4 }, checkpoint(4));
    store.court.note({ type: "none" }, checkpoint(9));
  }
  using store = openStore(path);
  assert.deepEqual(store.court.checkpoint(), checkpoint(9));
  store.court.note({ type: "reorg", from: 4 }, checkpoint(3));
  const orders = store.court.openCases(hash(0), 10).map(({ order }) => order);
  assert.deepEqual([orders, store.court.checkpoint()], [[hash(1)], checkpoint(3)]);
  store.court.markDone(hash(1));
  assert.deepEqual(store.court.openCases(hash(0), 10), []);
});

test("of a juror's votes the first counts", () => {
  using store = openStore(join(root, "votes.sqlite"));
  const node = numberToHex(1, { size: 20 }) as NodeId;
  const [key, signature] = ["0x01" as BlsKey, "0x02" as BlsSignature];
  for (const result of [1, 2]) store.court.keepVote(hash(7), { node, resultHash: hash(result), key, signature });
  assert.deepEqual(store.court.votes(hash(7)), [{ node, resultHash: hash(1), key, signature }]);
});
