import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMarketplaceConfig, readMarketplaceEnvironment } from "#marketplace/config/marketplace-config.ts";

const EXCHANGE = `0x${"Ab".repeat(20)}`;
const GOOD = { rpcUrl: "http://127.0.0.1:8545", chainId: 31_337, exchange: EXCHANGE };

test("the environment is read, defaults fill the rest, and nothing can be changed afterwards", () => {
  const config = parseMarketplaceConfig(
    readMarketplaceEnvironment({
      MIMIK_RPC_URL: GOOD.rpcUrl,
      MIMIK_CHAIN_ID: "31337",
      MIMIK_EXCHANGE: EXCHANGE,
      MIMIK_MARKETPLACE_PORT: "0",
      MIMIK_MARKETPLACE_HOME: "/srv/market",
    }),
  );
  assert.equal(config.chain.exchange, EXCHANGE.toLowerCase());
  assert.deepEqual([config.port, config.host, config.databasePath], [0, "127.0.0.1", "/srv/market/marketplace.sqlite"]);
  assert.throws(() => Object.assign(config, { port: 1 }), TypeError);
});

test("what is missing or malformed is named in a sentence", () => {
  const cases: readonly (readonly [object, string, RegExp])[] = [
    [{ rpcUrl: undefined }, "setting-missing", /rpcUrl/],
    [{ exchange: "" }, "setting-missing", /exchange/],
    [{ chainId: undefined }, "setting-missing", /chainId/],
    [{ rpcUrl: "ws://127.0.0.1" }, "setting-malformed", /http or https URL/],
    [{ exchange: "0x12" }, "setting-malformed", /40 hex digits/],
    [{ port: "65536" }, "setting-malformed", /from 0 to 65535/],
    [{ port: "-1" }, "setting-malformed", /port/],
    [{ pollMillis: "1e3" }, "setting-malformed", /pollMillis/],
    [{ postBurst: 0 }, "setting-malformed", /postBurst/],
  ];
  for (const [change, code, message] of cases) {
    assert.throws(() => parseMarketplaceConfig({ ...GOOD, ...change }), { code, message });
  }
});
