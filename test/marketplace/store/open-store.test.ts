import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openStore, type Writer } from "#marketplace/store/open-store.ts";
import { owners } from "#marketplace/store/schema.ts";
import { MIGRATIONS, temporaryFolder } from "../book-fixture.ts";

const OWNER = { owner: "0x01", nodes: 1, earned: 2n ** 95n, jobs: 0 } as const;

test("a transaction that throws leaves nothing, and amounts beyond 64 bits come back whole", () => {
  using folder = temporaryFolder();
  using store = openStore({ path: join(folder.path, "a/b/market.sqlite"), migrationsDirectory: MIGRATIONS });
  assert.throws(() =>
    store.write((writer) => {
      writer.insert(owners).values(OWNER).run();
      throw new Error("late");
    }),
  );
  assert.deepEqual(store.reader.select().from(owners).all(), []);
  store.write((writer) => writer.insert(owners).values(OWNER).run());
  assert.deepEqual(store.reader.select().from(owners).all(), [OWNER]);
});

test("a reader cannot write, even when the types are got around", () => {
  using folder = temporaryFolder();
  using store = openStore({ path: join(folder.path, "market.sqlite"), migrationsDirectory: MIGRATIONS });
  const disguised = store.reader as Writer;
  assert.throws(() => disguised.insert(owners).values(OWNER).run(), /readonly|Failed query/);
});

test("one process at a time has a store, and what is no database is said to be none", () => {
  using folder = temporaryFolder();
  const options = { path: join(folder.path, "market.sqlite"), migrationsDirectory: MIGRATIONS };
  {
    using _store = openStore(options);
    assert.throws(() => openStore(options), { code: "store-locked" });
  }
  openStore(options)[Symbol.dispose]();
  const path = join(folder.path, "other");
  mkdirSync(path);
  writeFileSync(join(path, "market.sqlite"), "not a database, but long enough to look at".repeat(100));
  assert.throws(() => openStore({ ...options, path: join(path, "market.sqlite") }), { code: "store-unusable" });
});
