// Flags stand above the environment, the environment above config.toml, and that above a local market.
import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import {
  type LocalContext,
  readLocalContext,
  removeLocalContext,
  writeLocalContext,
} from "#cli/settings/local-context.ts";
import { loadSettings } from "#cli/settings/settings.ts";

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "mimik-settings-"));
});

afterEach(() => rm(home, { recursive: true, force: true }));

const exchange = (digit: string): `0x${string}` => `0x${digit.repeat(40)}`;

function localMarket(): LocalContext {
  return {
    version: 1,
    pid: process.pid,
    rpcUrl: "http://127.0.0.1:8545",
    chainId: 31_337,
    exchange: exchange("1"),
    token: exchange("2"),
    deployedAt: 2,
    marketplace: "http://127.0.0.1:8700",
    nodes: [],
    wallets: [{ name: "consumer", address: exchange("3") }],
    wallet: "consumer",
    passwordFile: join(home, "password"),
  };
}

test("each source stands above those after it", async () => {
  await writeLocalContext(home, localMarket());
  const none = await loadSettings({ home }, {});
  assert.equal(none.rpcUrl, "http://127.0.0.1:8545");
  assert.equal(none.wallet, "consumer");
  await writeFile(join(home, "config.toml"), 'wallet = "fromfile"\nmarketplace = "http://file.test"\n');
  assert.equal((await loadSettings({ home }, {})).wallet, "fromfile");
  const env = { MIMIK_WALLET: "fromenv", MIMIK_HOME: "/elsewhere" };
  assert.equal((await loadSettings({ home }, env)).wallet, "fromenv");
  const flags = await loadSettings({ home, wallet: "fromflag" }, env);
  assert.equal(flags.wallet, "fromflag");
  assert.equal(flags.marketplace, "http://file.test");
  assert.equal(flags.home, home);
});

test("another chain than the local market's takes nothing of it", async () => {
  await writeLocalContext(home, localMarket());
  const other = await loadSettings({ home, rpcUrl: "https://chain.test" }, {});
  assert.equal(other.exchange, undefined);
  assert.equal(other.marketplace, undefined);
  assert.equal(other.passwordFile, undefined);
});

test("a local context is private, and gone when the market is", async () => {
  await writeLocalContext(home, localMarket());
  if (process.platform !== "win32") assert.equal((await stat(join(home, "local.json"))).mode & 0o777, 0o600);
  assert.deepEqual(await readLocalContext(home), localMarket());
  await removeLocalContext(home);
  assert.equal(await readLocalContext(home), undefined);
});

test("a config that cannot be used is refused with its place", async () => {
  for (const text of ["wallet = 3", "walet = 'x'", "wallet ="]) {
    await writeFile(join(home, "config.toml"), text);
    await assert.rejects(loadSettings({ home }, {}), { code: "config-malformed" }, text);
  }
  await rm(join(home, "config.toml"));
  await assert.rejects(loadSettings({ home }, { MIMIK_CHAIN_ID: "mainnet" }), { code: "environment-malformed" });
  await writeFile(join(home, "local.json"), "{}");
  await assert.rejects(loadSettings({ home }, {}), { code: "local-context-malformed" });
});
