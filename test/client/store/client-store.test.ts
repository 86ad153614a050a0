// Files of jobs, leases and blobs: private, whole, found by the start of their names, held by one process at a time.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type ClientStore, openClientStore } from "#client/store/client-store.ts";
import { type JobRecord, withAttempt } from "#client/store/job-record.ts";
import type { LeaseRecord } from "#client/store/lease-record.ts";
import { digestOf } from "#protocol/digest.ts";
import { fakeMarket } from "../fake/fake-market.ts";

let home: string;
let store: ClientStore;
let settled: JobRecord;

before(async () => {
  home = await mkdtemp(join(tmpdir(), "mimik-store-"));
  store = await openClientStore(home);
  const market = await fakeMarket(["honest", "honest", "honest"]);
  await market.run();
  [settled] = (await market.store.jobs()) as [JobRecord];
  await store.saveJob(settled);
  for (const lease of await market.store.leases()) await store.saveLease(lease);
});

after(() => rm(home, { recursive: true, force: true }));

test("what was saved is read again, by name or by the start of the order's id", async () => {
  assert.deepEqual(await store.job(settled.name), settled);
  assert.deepEqual(await store.job(settled.attempts[0]?.orderId?.slice(0, 10) ?? ""), settled);
  assert.deepEqual(await store.job(settled.attempts[0]?.orderId?.slice(2, 12) ?? ""), settled);
  assert.equal((await store.jobs()).length, 1);
});

test("an unknown, too short or ambiguous reference is refused", async () => {
  await assert.rejects(store.job("0xffffff"), { code: "job-unknown" });
  await assert.rejects(store.job(settled.name.slice(0, 3)), { code: "job-unknown" });
  await assert.rejects(store.lease("../../etc"), { code: "lease-unknown" });
  const twin = { ...settled, name: `${settled.name.slice(0, 10)}${settled.name.endsWith("00") ? "11" : "00"}` };
  await store.saveJob(twin);
  await assert.rejects(store.job(settled.name.slice(0, 10)), { code: "job-ambiguous" });
  await rm(join(home, "jobs", `${twin.name}.json`));
});

test("every file and folder is its owner's alone", { skip: process.platform === "win32" }, async () => {
  for (const folder of ["jobs", "leases"]) {
    assert.equal((await stat(join(home, folder))).mode & 0o777, 0o700);
    for (const name of await readdir(join(home, folder))) {
      assert.equal((await stat(join(home, folder, name))).mode & 0o777, 0o600, name);
    }
  }
});

test("a torn or foreign file is no job, and harms no other", async () => {
  await writeFile(join(home, "jobs", "0123456789ab.json"), '{"version":1,"name":"01');
  await writeFile(join(home, "jobs", "0123456789ac.json"), '{"version":2}');
  assert.deepEqual(
    (await store.jobs()).map(({ name }) => name),
    [settled.name],
  );
  await rm(join(home, "jobs", "0123456789ab.json"));
  await rm(join(home, "jobs", "0123456789ac.json"));
});

test("of changes to one lease none is lost, also of two at once, and a refused one changes nothing", async () => {
  const [lease] = await store.leases();
  const id = lease?.lease ?? "";
  const next = (record: LeaseRecord) => ({ ...record, orders: record.orders + 1 });
  const first = (await store.changeLease(id, next)).orders;
  const reopened = await openClientStore(home);
  assert.equal((await reopened.changeLease(id, next)).orders, first + 1);
  const taken = await Promise.all([store, reopened, store].map((each) => each.changeLease(id, next)));
  assert.deepEqual(taken.map(({ orders }) => orders).toSorted(), [first + 2, first + 3, first + 4]);
  const refused = new Error("no");
  const refuse = () => {
    throw refused;
  };
  await assert.rejects(store.changeLease(id, refuse), refused);
  assert.equal((await store.lease(id)).orders, first + 4);
  await assert.rejects(store.changeLease("../../etc", next), { code: "lease-unknown" });
});

test("a lease from before vouchers is read as one that pays order by order", async () => {
  const [lease] = await store.leases();
  const path = join(home, "leases", `${lease?.lease}.json`);
  const { payer, ...older } = JSON.parse(await readFile(path, "utf8"));
  assert.equal(payer, null);
  await writeFile(path, JSON.stringify(older));
  assert.equal((await store.lease(lease?.lease ?? "")).payer, null);
});

test("a job is worked on by one process; the lock of a dead one is taken over", async () => {
  const lock = await store.lockJob(settled.name);
  await assert.rejects(store.lockJob(settled.name), { code: "job-in-progress" });
  lock[Symbol.dispose]();
  const path = join(home, "jobs", `${settled.name}.lock`);
  const holdAndDie = `
    const { lockFile } = await import(${JSON.stringify(import.meta.resolve("#client/store/file-lock.ts"))});
    await lockFile(${JSON.stringify(path)});
    process.kill(process.pid, "SIGKILL");`;
  const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", holdAndDie]);
  assert.equal(signal, "SIGKILL");
  using _taken = await store.lockJob(settled.name);
});

test("a blob is checked against its digest when it is read", async () => {
  const bytes = new TextEncoder().encode("bytes");
  const digest = await store.saveBlob(bytes);
  assert.deepEqual(new Uint8Array((await store.blob(digest)) ?? []), bytes);
  await writeFile(join(home, "job-blobs", digest.slice("sha256:".length)), "other");
  assert.equal(await store.blob(digest), undefined);
  assert.equal(await store.blob(digestOf(new Uint8Array([9]))), undefined);
});

test("no temporary file is left, and JSON keeps amounts exact", async () => {
  const huge = withAttempt(settled, { maxPrice: 2n ** 95n });
  await store.saveJob(huge);
  assert.equal((await store.job(settled.name)).attempts[0]?.maxPrice, 2n ** 95n);
  assert.match(await readFile(join(home, "jobs", `${settled.name}.json`), "utf8"), new RegExp(String(2n ** 95n)));
  assert.deepEqual(
    (await readdir(join(home, "jobs"))).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("of too many jobs the oldest finished ones go, open ones and young blobs stay", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mimik-prune-"));
  const small = await openClientStore(folder, 3);
  const names = ["a", "b", "c", "d", "e", "f"].map((letter) => letter.repeat(12));
  for (const [index, name] of names.entries()) {
    await small.saveJob({ ...settled, name, createdAt: index, state: index === 0 ? "open" : "settled" });
  }
  await writeFile(join(folder, "jobs", "000000000000.json"), "torn");
  const kept = await small.saveBlob(new TextEncoder().encode("young"));
  const old = await small.saveBlob(new TextEncoder().encode("old"));
  await utimes(join(folder, "job-blobs", old.slice("sha256:".length)), 0, 0);
  await small.prune();
  assert.deepEqual(
    (await small.jobs()).map(({ name }) => name[0]),
    ["f", "e", "a"],
  );
  assert.ok(await small.blob(kept));
  assert.equal(await small.blob(old), undefined);
  await small.prune();
  assert.equal((await small.jobs()).length, 3);
  await rm(folder, { recursive: true });
});

test("what a caught committee signed is kept with its blobs; of too many the oldest go", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mimik-caught-"));
  const small = await openClientStore(folder, 2);
  const market = await fakeMarket(["lies", "lies", "lies"]);
  await assert.rejects(market.run(), { code: "answer-wrong" });
  const [caught] = await market.store.caught();
  assert.ok(caught);
  for (const [index, digit] of ["1", "2", "3"].entries()) {
    const blob = await small.saveBlob(new TextEncoder().encode(digit));
    await utimes(join(folder, "job-blobs", blob.slice("sha256:".length)), 0, 0);
    const blobs = [{ digest: blob, size: 1 }];
    await small.saveCaught({ ...caught, orderId: `0x${digit.repeat(64)}`, caughtAt: index, blobs });
    await small.saveJob({ ...settled, name: digit.repeat(12), createdAt: index });
  }
  await small.prune();
  const kept = await small.caught();
  assert.deepEqual(
    kept.map(({ orderId }) => orderId[2]),
    ["3", "2"],
  );
  const blobs = await Promise.all(["1", "2", "3"].map((text) => small.blob(digestOf(new TextEncoder().encode(text)))));
  assert.deepEqual(
    blobs.map((blob) => blob !== undefined),
    [false, true, true],
  );
  assert.deepEqual(
    { ...kept[0], orderId: caught.orderId, caughtAt: 0, blobs: [] },
    { ...caught, caughtAt: 0, blobs: [] },
  );
  await rm(folder, { recursive: true });
});
