import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Wallet } from "ethers/wallet";
import { verifyMessage } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { createKey, listKeys, openKey } from "#chain/keystore.ts";
import { coded } from "./coded.ts";
import { scratchFolder } from "./scratch-folder.ts";

/** Little work, so that the test is quick; the format is the same. */
const scryptN = 2;

test("a key goes in and comes out, for its owner alone", async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, "keystore", "main.json");
  const privateKey = generatePrivateKey();
  const shares: number[] = [];
  const address = await createKey(path, "päss wörd", {
    privateKey,
    scryptN,
    onProgress: (share) => shares.push(share),
  });
  assert.equal(address, privateKeyToAccount(privateKey).address);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal(shares.at(-1), 1);
  const text = await readFile(path, "utf8");
  assert.ok(!text.toLowerCase().includes(privateKey.slice(2)));
  assert.deepEqual(await readdir(join(folder.path, "keystore")), ["main.json"], "nothing is left beside it");

  const account = await openKey(path, "päss wörd");
  const signature = await account.signMessage({ message: "hello" });
  assert.ok(await verifyMessage({ address, message: "hello", signature }));
  assert.equal((await Wallet.fromEncryptedJson(text, "päss wörd")).address, address, "other wallets read it");
});

test("a new key is random, and none is written over", async () => {
  await using folder = await scratchFolder();
  const one = await createKey(join(folder.path, "b.json"), "pw", { scryptN });
  const two = await createKey(join(folder.path, "a.json"), "pw", { scryptN });
  assert.notEqual(one, two);
  const before = await readFile(join(folder.path, "b.json"), "utf8");
  await assert.rejects(createKey(join(folder.path, "b.json"), "pw", { scryptN }), coded("key-exists", "conflict"));
  assert.equal(await readFile(join(folder.path, "b.json"), "utf8"), before);

  const twice = [1, 2].map(() => createKey(join(folder.path, "c.json"), "pw", { scryptN }));
  const ends = await Promise.allSettled(twice);
  assert.equal(ends.filter(({ status }) => status === "fulfilled").length, 1);

  await writeFile(join(folder.path, "notes.json"), "{}");
  await writeFile(join(folder.path, "d.txt"), before);
  const listed = await listKeys(folder.path);
  assert.deepEqual(
    listed.slice(0, 2).map(({ address }) => address),
    [two, one],
  );
  assert.equal(listed.length, 3);
  assert.deepEqual(await listKeys(join(folder.path, "absent")), []);
});

test("what does not open says why, without the secret", async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, "a.json");
  await assert.rejects(openKey(path, "pw"), coded("key-missing", "not-found"));
  await createKey(path, "pw", { scryptN });
  await assert.rejects(openKey(path, "PW"), coded("password-wrong", "unauthorized"));
  await assert.rejects(createKey(join(folder.path, "b.json"), ""), coded("password-empty"));
  await writeFile(path, "{}");
  await assert.rejects(openKey(path, "pw"), coded("key-malformed"));
  await writeFile(path, " ".repeat(20_000));
  await assert.rejects(openKey(path, "pw"), coded("key-malformed"));
  await assert.rejects(createKey(join(folder.path, "b.json"), "pw", { privateKey: "0x5ec3e7" }), (error: unknown) => {
    coded("private-key-malformed", "invalid")(error);
    assert.doesNotMatch(JSON.stringify(error) + String((error as Error).cause), /5ec3e7/);
    return true;
  });
});
