import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readDeployment, writeDeployment } from "#chain/deployments.ts";
import { coded } from "./coded.ts";
import { scratchFolder } from "./scratch-folder.ts";

const address = (digit: string) => `0x${digit.repeat(40)}` as const;
const entry = { chainId: 31_337, exchange: address("1"), token: address("2"), deployedAt: 2 };

test("a deployment is kept by chain, the newest for each", async () => {
  await using folder = await scratchFolder();
  const home = join(folder.path, "home");
  assert.equal(await readDeployment(home, 31_337), undefined);
  await writeDeployment(home, { ...entry, deployedAt: 1 });
  await writeDeployment(home, { ...entry, chainId: 10 });
  await writeDeployment(home, entry);
  assert.deepEqual(await readDeployment(home, 31_337), entry);
  assert.deepEqual(await readDeployment(home, 10), { ...entry, chainId: 10 });
  assert.deepEqual(await readdir(home), ["deployments.json"]);
});

test("a broken file is told, not read around", async () => {
  await using folder = await scratchFolder();
  for (const text of ["{", "[]", JSON.stringify({ deployments: [{ ...entry, exchange: "0x1" }] })]) {
    await writeFile(join(folder.path, "deployments.json"), text);
    await assert.rejects(readDeployment(folder.path, 31_337), coded("deployments-malformed", "invalid"));
    await assert.rejects(writeDeployment(folder.path, entry), coded("deployments-malformed"));
  }
});
