import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { connectChain } from "#chain/connect.ts";
import { deployExchange } from "#chain/deploy.ts";
import { coded } from "./coded.ts";
import { ARTIFACTS, type LocalChain, startLocalChain } from "./local-chain.ts";

let local: LocalChain;
before(async () => {
  local = await startLocalChain();
});
after(() => local[Symbol.asyncDispose]());

const options = () => ({
  rpcUrl: local.rpcUrl,
  account: local.accounts[0] as (typeof local.accounts)[0],
  graceSeconds: 60,
  artifacts: ARTIFACTS,
});

test("another exchange over the same token", async () => {
  const deployment = await deployExchange({ ...options(), token: local.token });
  assert.equal(deployment.token, local.token);
  assert.notEqual(deployment.exchange, local.exchange);
  const chain = await connectChain({ ...deployment, rpcUrl: local.rpcUrl });
  assert.equal(chain.graceSeconds, 60);
  const before = await chain.client.getCode({
    address: deployment.exchange,
    blockNumber: BigInt(deployment.deployedAt) - 1n,
  });
  assert.equal(before, undefined);
});

test("what cannot be deployed is told", async () => {
  await assert.rejects(
    deployExchange({ ...options(), artifacts: "/nowhere" }),
    coded("artifacts-missing", "not-found"),
  );
  await assert.rejects(deployExchange({ ...options(), graceSeconds: 0 }), coded("grace-out-of-range", "rejected"));
  await assert.rejects(
    deployExchange({ ...options(), token: privateKeyToAccount(generatePrivateKey()).address }),
    coded("token-not-usable"),
  );
  await assert.rejects(
    deployExchange({ ...options(), account: privateKeyToAccount(generatePrivateKey()) }),
    coded("gas-unfunded", "funds"),
  );
  await assert.rejects(deployExchange({ ...options(), rpcUrl: "http://127.0.0.1:1" }), coded("chain-unreachable"));
});
