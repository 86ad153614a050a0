import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { nodeConfig } from "#node/config/node-config.ts";
import { type NodeSettings, readNodeSettings } from "#node/config/node-settings.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";

const home = mkdtempSync(join(tmpdir(), "mimik-config-"));
after(() => rmSync(home, { recursive: true }));

const owner = "0x00000000000000000000000000000000000000AA";
const chain = { rpcUrl: "http://127.0.0.1:8545/", chainId: 31_337, exchange: owner };
const settings: NodeSettings = { home, owner, chain };

test("the least settings give a whole, frozen configuration", () => {
  const config = nodeConfig(settings);
  assert.deepEqual(config.listen, { host: "127.0.0.1", port: 7_710, portsTried: 0 });
  assert.equal(config.owner, owner.toLowerCase());
  assert.equal(config.chain.rpcUrl, "http://127.0.0.1:8545");
  assert.deepEqual(config.rates, { job: 100n, fuel: 500n, memory: 100n, bytes: 100n, events: 100n });
  assert.equal(config.key.file, join(home, "node-key.json"));
  assert.ok(config.slots >= 1);
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.rates) && Object.isFrozen(config.listen));
});

test("what does not fit is said in a sentence that names the setting", () => {
  const cases: readonly (readonly [Partial<NodeSettings>, string])[] = [
    [{ owner: undefined }, "The setting owner is missing."],
    [{ chain: undefined }, "The setting chain is missing."],
    [{ owner: "bob" }, "The setting owner must be 0x and 40 hex digits."],
    [{ slots: 0 }, "The setting slots must be at least 1."],
    [{ slots: 1.5 }, "The setting slots must be a whole number."],
    [{ listen: { port: Number("x") } }, "The setting listen.port must be a whole number."],
    [{ rates: { fuel: "-1" } }, 'The setting rates.fuel must be tokens with at most 6 decimals, such as "0.0005".'],
    [{ rates: { fuel: 1 as never } }, 'The setting rates.fuel must be tokens in quotes, such as "0.0005".'],
    [{ endpoint: "ftp://x" }, "The setting endpoint must be an http or https URL."],
    [{ scopes: ["a b"] }, "The setting scopes.0 must be printable ASCII without spaces."],
    [{ colour: "red" } as never, "The setting colour is not a setting of a node."],
  ];
  for (const [change, sentence] of cases) {
    assert.throws(
      () => nodeConfig({ ...settings, ...change }),
      (error: unknown) =>
        error instanceof ProtocolError && error.code === "config-invalid" && error.message === sentence,
      sentence,
    );
  }
});

test("a refused password is not repeated", () => {
  assert.throws(
    () => nodeConfig({ ...settings, key: { password: 12_345 as never } }),
    (error: unknown) => error instanceof ProtocolError && !JSON.stringify(error.context).includes("12345"),
  );
});

test("flags win over the environment, the environment over node.toml", () => {
  const toml = [
    'owner = "0xfile"',
    "slots = 3",
    "[chain]",
    "chainId = 1",
    'rpcUrl = "http://file"',
    "[rates]",
    'fuel = "1"',
  ];
  writeFileSync(join(home, "node.toml"), toml.join("\n"));
  const env = {
    MIMIK_NODE_HOME: home,
    MIMIK_RPC_URL: "http://env",
    MIMIK_NODE_PORT: "1",
    MIMIK_MARKETPLACE: "http://a, http://b",
  };
  const read = readNodeSettings({ listen: { port: 2 }, rates: { job: "2" } }, env);
  assert.deepEqual(read, {
    home,
    owner: "0xfile",
    slots: 3,
    chain: { chainId: 1, rpcUrl: "http://env" },
    rates: { fuel: "1", job: "2" },
    listen: { port: 2 },
    marketplaces: ["http://a", "http://b"],
  });
});

test("the example file holds every setting with the value it has when left out", () => {
  const example = fileURLToPath(new URL("../../../node/config/node.example.toml", import.meta.url));
  copyFileSync(example, join(home, "node.toml"));
  const read = readNodeSettings({ home }, {});
  const least = { home, owner: read.owner, chain: read.chain };
  assert.deepEqual(nodeConfig(read), nodeConfig(least));
});

test("a file that is no TOML is refused by its path", () => {
  writeFileSync(join(home, "node.toml"), "owner = ");
  assert.throws(() => readNodeSettings({ home }, {}), { code: "config-unreadable" });
});
