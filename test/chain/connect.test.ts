import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectChain } from "#chain/connect.ts";
import { coded } from "./coded.ts";
import { type LocalChain, startLocalChain } from "./local-chain.ts";

let local: LocalChain;
before(async () => {
  local = await startLocalChain({ graceSeconds: 7 });
});
after(() => local[Symbol.asyncDispose]());

test("the exchange's terms are read", async () => {
  const chain = await connectChain(local.settings);
  assert.equal(chain.graceSeconds, 7);
  assert.equal(chain.token, local.token);
  assert.deepEqual(chain.domain, { chainId: 31_337, exchange: local.exchange });
  assert.equal(chain.genesis, (await chain.client.getBlock({ blockNumber: 0n })).hash);
});

test("what is not there is told apart", async () => {
  const { settings } = local;
  await assert.rejects(connectChain({ ...settings, rpcUrl: "not a url" }), coded("chain-url-invalid", "invalid"));
  await assert.rejects(connectChain({ ...settings, rpcUrl: "file:///etc" }), coded("chain-url-invalid"));
  await assert.rejects(connectChain({ ...settings, rpcUrl: "http://127.0.0.1:1/key" }), (error: unknown) => {
    coded("chain-unreachable", "unreachable")(error);
    assert.doesNotMatch(String(error), /key/, "an endpoint's path may be a secret");
    return true;
  });
  await assert.rejects(connectChain({ ...settings, chainId: 1 }), coded("chain-mismatch", "conflict"));
  await assert.rejects(connectChain({ ...settings, exchange: `0x${"11".repeat(20)}` }), coded("exchange-missing"));
  await assert.rejects(connectChain({ ...settings, exchange: local.token }), coded("exchange-missing", "not-found"));
});

test("an attempt can be ended", async () => {
  const reason = new Error("enough");
  await assert.rejects(connectChain(local.settings, { signal: AbortSignal.abort(reason) }), reason);
});
