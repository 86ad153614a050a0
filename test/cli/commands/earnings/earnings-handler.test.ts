// The command against a real chain and marketplace, as an owner runs it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { connectChain } from "#chain/connect.ts";
import { readBalance } from "#chain/read-account.ts";
import { type RunningMarketplace, startMarketplace } from "#marketplace/start-marketplace.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import {
  claimOrders,
  clearLeases,
  type Market,
  openLease,
  settleJob,
  startMarket,
} from "#test/marketplace/market-fixture.ts";
import { addressOf, eventually, type MarketNode, nowSeconds } from "#test/marketplace/statements.ts";
import { mimik } from "../../test-io.ts";
import { answerOf, handOf, keepWallet } from "../wallet-stage.ts";

let market: Market;
let running: RunningMarketplace;
before(async () => {
  market = await startMarket(2);
  running = await startMarketplace(market.config());
});
after(async () => {
  await running?.[Symbol.asyncDispose]();
  await market?.[Symbol.asyncDispose]();
});

test("an owner sees what each line is for: an order, a claim or a voucher, with its transaction", async () => {
  const lease = await openLease(market, 1);
  const settled = await settleJob(market, lease, { nonce: 1, price: 1_000_000n });
  const late = { deadline: nowSeconds() - 10, forceFee: 0n };
  const claimed = await claimOrders(market, lease, { nonces: [2, 3], perNode: 30_000n, ...late });
  const first = await clearLeases(market, [[lease, { perNode: 200n, upTo: 6, forced: 3 }]]);
  const second = await clearLeases(market, [[lease, { perNode: 300n, upTo: 7, forced: 3 }]]);
  const more = await clearLeases(market, [[lease, { perNode: 302n, upTo: 7, forced: 3 }]]);
  await eventually(
    () => httpMarketplaceClient(running.url).info(),
    ({ paid }) => paid === 2n * 1_030_302n,
  );

  const [node] = market.nodes as readonly [MarketNode];
  const { settings } = market.chain;
  const { code, out, err } = await mimik(["earnings", "--owner", addressOf(node.owner)], {
    MIMIK_HOME: market.home,
    MIMIK_RPC_URL: settings.rpcUrl,
    MIMIK_EXCHANGE: settings.exchange,
    MIMIK_MARKETPLACE: running.url,
    NO_COLOR: "1",
  });
  assert.equal(code, 0, err);
  assert.match(out, /has earned 1\.030302, of which 1\.030302 waits to be collected/);
  const short = (id: string) => id.slice(0, 10);
  const lines = out.trimEnd().split("\n").slice(-5);
  for (const [index, [what, jobs, amount, transaction]] of [
    [`voucher for orders up to 7 of lease ${short(lease.lease)}…`, 0, "0.000002", more],
    [`voucher for order 7 of lease ${short(lease.lease)}…`, 1, "0.0001", second],
    [`voucher for orders 1 to 6 of lease ${short(lease.lease)}…`, 3, "0.0002", first],
    [`claim ${short(claimed.claim)}…`, 2, "0.03", claimed.transaction],
    [`order ${short(settled.order)}…`, 1, "1", settled.transaction],
  ].entries()) {
    const line = lines[index]?.split(/\s{2,}/).slice(1);
    assert.deepEqual(line, [what, String(jobs), `${short(addressOf(node.key))}…`, amount, transaction]);
  }
  const job = await mimik(["job", "show", claimed.orders[0] as string], {
    MIMIK_HOME: market.home,
    MIMIK_MARKETPLACE: running.url,
    NO_COLOR: "1",
  });
  assert.equal(job.code, 0, job.err);
  assert.match(job.out, new RegExp(`claim +${claimed.claim}, of 2 orders together\npaid +0\\.06 for all of them`));
});

test("collecting says what the exchange took, and what is left to collect", async () => {
  const [, node] = market.nodes as readonly [MarketNode, MarketNode];
  const ownerKey = generatePrivateKey();
  await keepWallet(market, "collector", ownerKey);
  const { address } = privateKeyToAccount(ownerKey);
  // Anyone may collect; the money is the owner's.
  await market.chain.rpc("hardhat_setBalance", [address, "0xde0b6b3a7640000"]);
  const hand = handOf(market, { MIMIK_MARKETPLACE: running.url, MIMIK_WALLET: "collector" });
  const owner = addressOf(node.owner);
  const before = await hand("earnings", "--owner", owner);
  assert.match(before.out, /^Of what is collected the exchange takes 1 % as its fee, for the profit share\.$/m);

  const { code, out, err } = await hand("earnings", "--owner", owner, "--collect");
  assert.equal(code, 0, err);
  const [, transaction] = /of which 1\.030302 was collected in (0x[0-9a-f]{64})\.$/m.exec(out) ?? [];
  assert.match(out, /^The exchange took 0\.010303 of it as its fee; 1\.019999 went to the owner's account\.$/m);
  const chain = await connectChain(market.chain.settings);
  assert.equal(await readBalance(chain, node.owner.address), 1_019_999n);
  const receipt = await chain.client.getTransactionReceipt({ hash: transaction as Hex });
  assert.equal(receipt.from, address.toLowerCase());

  const again = await answerOf<Record<string, unknown>>(hand("earnings", "--owner", owner, "--collect", "--json"));
  assert.deepEqual([again.earned, again.waiting, again.collected, again.fee], ["1030302", "0", null, null]);
});
