import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { buildContracts } from "#cli/local-market/build-contracts.ts";

const SOURCE = "contracts/Exchange.sol";
const BUILT = ["artifacts/contracts/Exchange.sol/Exchange.json", "cache/compile-cache.json"];
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mimik-contracts-"));
  write(SOURCE, 1_000);
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, seconds: number): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), "");
  utimesSync(join(root, path), seconds, seconds);
}

/** A build that ends as told, attempt by attempt; the number of builds so far. */
function fakeHardhat(...attempts: (() => void)[]) {
  let builds = 0;
  const run = async () => attempts[builds++]?.();
  return { build: () => buildContracts(root, run), builds: () => builds };
}

function writeBuilt(seconds: number): void {
  for (const path of BUILT) write(path, seconds);
}

const loseFile = () => {
  throw new Error("not found", { cause: Object.assign(new Error("rename"), { code: "ENOENT" }) });
};

test("contracts are built when they changed, and not again", async () => {
  const { build, builds } = fakeHardhat(...[2_000, 4_000].map((seconds) => () => writeBuilt(seconds)));
  await build();
  await build();
  assert.equal(builds(), 1);
  write(SOURCE, 3_000);
  await build();
  assert.equal(builds(), 2);
});

test("a build that another one disturbed is tried again, and done when the other one did it", async () => {
  const alone = fakeHardhat(loseFile, () => writeBuilt(2_000));
  await alone.build();
  assert.equal(alone.builds(), 2);
  write(SOURCE, 3_000);
  const behind = fakeHardhat(() => {
    writeBuilt(4_000);
    loseFile();
  });
  await behind.build();
  assert.equal(behind.builds(), 1);
});

test("an error of the compiler's is not tried again, and a lost file not for ever", async () => {
  const broken = fakeHardhat(() => {
    throw new Error("ParserError");
  });
  await assert.rejects(broken.build(), /ParserError/);
  assert.equal(broken.builds(), 1);
  const unlucky = fakeHardhat(...Array.from({ length: 9 }, () => loseFile));
  await assert.rejects(unlucky.build(), /not found/);
  assert.equal(unlucky.builds(), 3);
});
