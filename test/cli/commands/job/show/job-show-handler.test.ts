// What anybody sees of somebody else's forced order, on a real chain and marketplace.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Hex } from "viem";
import { type RunningMarketplace, startMarketplace } from "#marketplace/start-marketplace.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { digestOf } from "#protocol/digest.ts";
import { encodeResponse } from "#protocol/message.ts";
import { type Market, openLease, settleJob, startMarket } from "#test/marketplace/market-fixture.ts";
import { eventually } from "#test/marketplace/statements.ts";
import { answerOf, type Hand, handOf } from "../../wallet-stage.ts";

let market: Market;
let running: RunningMarketplace;
let hand: Hand;
let told: Hex;
let silent: Hex;
before(async () => {
  market = await startMarket(2);
  running = await startMarketplace(market.config());
  hand = handOf(market, { MIMIK_MARKETPLACE: running.url });
  const response = encodeResponse({ status: 200, headers: [], body: new TextEncoder().encode("an answer") });
  const usage = { fuel: 5n, memoryPages: 1, bytesIn: 7, bytesOut: response.length, events: 0 };
  const request = digestOf(new Uint8Array([9]));
  const receipts = [{ request, outcome: "ok", response: digestOf(response), usage }] as const;
  const lease = await openLease(market, 1);
  told = (await settleJob(market, lease, { nonce: 1, price: 1n, published: { receipts, responses: [response] } }))
    .order;
  silent = (await settleJob(market, lease, { nonce: 2, price: 1n })).order;
  const client = httpMarketplaceClient(running.url);
  await eventually(
    () => client.job(silent).catch(() => undefined),
    (row) => row !== undefined,
  );
});
after(async () => {
  await running?.[Symbol.asyncDispose]();
  await market?.[Symbol.asyncDispose]();
});

test("anybody sees whether a forcing node published, and what", async () => {
  const shown = await hand("job", "show", told);
  assert.match(shown.out, /published +its result, ok: print it with --answer/);
  assert.equal((await hand("job", "show", told, "--answer")).out.trim(), "an answer");
  const json = await answerOf<{ published: { responses: unknown[] }; unpublished: null }>(
    hand("job", "show", told, "--json"),
  );
  assert.deepEqual(json.published.responses, [{ status: 200, headers: [], body: "an answer" }]);
  assert.equal(json.unpublished, null);
});

test("of an order without its result the reason is told", async () => {
  assert.match((await hand("job", "show", silent)).out, /published +nothing: Nothing is published in transaction 0x/);
  const { code, err } = await hand("job", "show", silent, "--answer");
  assert.deepEqual([code, /Nothing is published/.test(err)], [3, true]);
  const json = await answerOf<{ published: null; unpublished: string }>(hand("job", "show", silent, "--json"));
  assert.deepEqual([json.published, json.unpublished], [null, "result-unpublished"]);
});
