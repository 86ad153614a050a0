import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { startMarketplace } from "#marketplace/start-marketplace.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { type Market, openLease, settleJob, startMarket } from "./market-fixture.ts";
import { addressOf, eventually, keyOf, type MarketNode, signedBid, signedOffer } from "./statements.ts";

let market: Market;
before(async () => {
  market = await startMarket(2);
});
after(() => market[Symbol.asyncDispose]());

test("a market from registration to payment, over a restart", async () => {
  const [first] = market.nodes as readonly [MarketNode];
  const bid = await signedBid(market);
  const lease = await openLease(market, 1);
  {
    await using running = await startMarketplace(market.config());
    const client = httpMarketplaceClient(running.url);
    // At once: a registration that the index has not seen yet is read from the chain.
    for (const node of market.nodes) await client.postOffer(await signedOffer(market, node));
    const stranger = { key: keyOf(70), owner: keyOf(71) };
    await assert.rejects(client.postOffer(await signedOffer(market, stranger)), { code: "node-not-registered" });
    const { match } = await client.postBid(bid);
    assert.deepEqual(
      match.committee.map(({ message }) => message.node),
      market.nodes.map(({ key }) => addressOf(key)),
    );
    await settleJob(market, lease, { nonce: 1, price: 1_500_000n });
    await eventually(
      () => client.info(),
      (info) => info.counts.jobs === 1,
    );
  }
  const { order, transaction } = await settleJob(market, lease, { nonce: 2, price: 500_000n });
  await using running = await startMarketplace(market.config());
  const client = httpMarketplaceClient(running.url);
  const info = await eventually(
    () => client.info(),
    ({ counts }) => counts.jobs === 2,
  );
  assert.deepEqual(info.counts, { nodes: 2, offers: 2, bids: 1, leases: 1, jobs: 2 });
  assert.equal(info.paid, 4_000_000n);
  const job = await client.job(order);
  assert.deepEqual([job.transaction, job.total, job.consumer], [transaction, 1_000_000n, addressOf(market.consumer)]);
  const { rows } = await client.nodes();
  assert.deepEqual(
    rows.map(({ earned, jobs, stake, offer }) => [earned, jobs, stake, offer?.message.slots]),
    [
      [2_000_000n, 2, 1_000_000_000_000n, 4],
      [2_000_000n, 2, 1_000_000_000_000n, 4],
    ],
  );
  const earnings = await client.earnings(addressOf(first.owner));
  assert.deepEqual(
    earnings.lines.map(({ amount }) => amount),
    [500_000n, 1_500_000n],
  );
  const health = (await (await fetch(`${running.url}/healthz`)).json()) as { status: string; lag: number };
  assert.deepEqual([health.status, health.lag], ["ok", 0]);
});

test("statements for another exchange do not survive in the same folder", async () => {
  const { deployExchange } = await import("#chain/deploy.ts");
  const { ARTIFACTS } = await import("#test/chain/local-chain.ts");
  const [deployer] = market.chain.accounts.slice(-2);
  assert.ok(deployer);
  const { rpcUrl } = market.chain;
  const other = await deployExchange({ rpcUrl, account: deployer, graceSeconds: 60, artifacts: ARTIFACTS });
  await using running = await startMarketplace(
    market.config({ exchange: other.exchange, deployedAt: other.deployedAt }),
  );
  const { counts } = await httpMarketplaceClient(running.url).info();
  assert.deepEqual(counts, { nodes: 0, offers: 0, bids: 0, leases: 0, jobs: 0 });
});

test("a chain that goes away is said by /healthz, and what is known is still served", async () => {
  const endpoint = await relayTo(market.chain.rpcUrl);
  const config = market.config({ rpcUrl: endpoint.url, home: `${market.home}/cut-off` });
  await using running = await startMarketplace(config);
  const client = httpMarketplaceClient(running.url);
  await eventually(
    () => client.info(),
    ({ counts }) => counts.nodes === 2,
  );
  await endpoint.close();
  const health = await fetch(`${running.url}/healthz`);
  assert.equal(health.status, 502);
  assert.equal(((await health.json()) as { code: string }).code, "chain-unreachable");
  assert.equal((await client.nodes()).rows.length, 2);
});

test("what keeps it from starting is said by code", async () => {
  await assert.rejects(startMarketplace(market.config({ rpcUrl: "http://127.0.0.1:9" })), {
    code: "chain-unreachable",
  });
  await assert.rejects(startMarketplace(market.config({ chainId: 5 })), { code: "chain-mismatch" });
  const nothing = addressOf(keyOf(1));
  await assert.rejects(startMarketplace(market.config({ exchange: nothing })), { code: "exchange-missing" });
  const noFolder = market.config({ home: "/dev/null/market" });
  await assert.rejects(startMarketplace(noFolder), { code: "store-unusable" });
});

/** An endpoint that can be cut off while the chain lives on. */
async function relayTo(rpcUrl: string): Promise<{ url: string; close: () => Promise<void> }> {
  const server: Server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const body = Buffer.concat(chunks);
    const answer = await fetch(rpcUrl, { method: "POST", body, headers: { "content-type": "application/json" } });
    response.setHeader("content-type", "application/json").end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
