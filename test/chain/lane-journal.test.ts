import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Hex, numberToHex } from "viem";
import { openJournal } from "#chain/lane-journal.ts";
import { CHAIN_LIMITS } from "#chain/limits.ts";
import { coded } from "./coded.ts";
import { scratchFolder } from "./scratch-folder.ts";

const word = (value: number): Hex => numberToHex(value, { size: 32 });
const identity = { account: `0x${"aa".repeat(20)}`, chainId: 1, genesis: word(1) } as const;
const attempt = { hash: word(5), raw: "0x02aa" } as const;
const call = { callHash: word(3), name: "mint", attempts: [attempt] };

test("what was written is there after the next opening, in the order of nonces", async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, "deep", "lane.db");
  const first = openJournal(path, identity);
  first.add({ ...call, key: "b", nonce: 8 });
  first.add({ ...call, key: "a", nonce: 7 });
  first.addAttempt("a", { hash: word(6), raw: "0x02bb" });
  first.add({ ...call, key: "c", nonce: 9 });
  first.succeed("c");
  first.close();
  const second = openJournal(path, identity);
  assert.deepEqual(
    second.pending().map(({ key }) => key),
    ["a", "b"],
  );
  assert.deepEqual(second.find("a")?.attempts, [attempt, { hash: word(6), raw: "0x02bb" }]);
  assert.equal(second.find("c")?.succeeded, true);
  second.reopen("c");
  second.drop("a");
  assert.deepEqual(
    second.pending().map(({ key }) => key),
    ["b", "c"],
  );
  second.close();
});

test("a chain that was started anew has its own entries", async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, "lane.db");
  const old = openJournal(path, identity);
  old.add({ ...call, key: "a", nonce: 0 });
  old.close();
  const anew = openJournal(path, { ...identity, genesis: word(2) });
  assert.equal(anew.find("a"), undefined);
  anew.add({ ...call, key: "a", nonce: 0 });
  anew.close();
});

test("old signed bytes are let go, the keys are kept", async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, "lane.db");
  const journal = openJournal(path, identity);
  const count = CHAIN_LIMITS.journalSignedKeys + 2;
  for (let nonce = 0; nonce < count; nonce += 1) {
    journal.add({ ...call, key: `k${nonce}`, nonce });
    journal.succeed(`k${nonce}`);
  }
  journal.close();
  const later = openJournal(path, identity);
  assert.deepEqual(later.find("k1")?.attempts, [{ hash: attempt.hash, raw: "0x" }]);
  assert.deepEqual(later.find("k2")?.attempts, [attempt]);
  later.close();
});

test("a file that is no journal is left as it is", async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, "lane.db");
  await writeFile(path, "not a database, but somebody's notes".repeat(100));
  assert.throws(() => openJournal(path, identity), coded("journal-unusable", "internal"));
});
