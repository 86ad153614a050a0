// The profit share by hand, on a real chain.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { LocalAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { collectEarningsCall } from "#chain/calls.ts";
import { connectChain } from "#chain/connect.ts";
import { readBalance, readTokenBalance } from "#chain/read-account.ts";
import { type Market, openLease, settleJob, startMarket } from "#test/marketplace/market-fixture.ts";
import { addressOf, type MarketNode } from "#test/marketplace/statements.ts";
import { answerOf, type Hand, handOf, keepWallet } from "./wallet-stage.ts";

let market: Market;
let holder: LocalAccount;
let hand: Hand;

before(async () => {
  market = await startMarket(1);
  const key = generatePrivateKey();
  holder = privateKeyToAccount(key);
  await keepWallet(market, "holder", key);
  await market.chain.rpc("hardhat_setBalance", [holder.address, "0xde0b6b3a7640000"]);
  await market.chain.fund(holder, 10_000_000n);
  hand = handOf(market);
});
after(() => market?.[Symbol.asyncDispose]());

const WHOLE = 10n ** 12n;

test("tokens come from the wallet, then from its account, and give shares", async () => {
  const chain = await connectChain(market.chain.settings);
  const fewer = await answerOf<Record<string, string>>(hand("share", "deposit", "2", "--json"));
  assert.deepEqual([fewer.deposited, fewer.bought, fewer.shares], ["2000000", `${2n * WHOLE}`, `${2n * WHOLE}`]);
  assert.equal(await readBalance(chain, holder.address), 8_000_000n);

  const more = await hand("share", "deposit", "20");
  assert.equal(more.code, 5, more.err);
  assert.match(more.err, /holds 8 tokens in the exchange, 20 are needed/);
});

test("what owners collect is taxed, waits, is harvested by anyone, and drips to the holders", async () => {
  const nothing = await hand("share", "harvest");
  assert.deepEqual([nothing.code, nothing.out], [0, "No fees wait in the exchange.\n"]);

  const [node] = market.nodes as readonly [MarketNode];
  await settleJob(market, await openLease(market, 1), { nonce: 1, price: 10_000_000n });
  await market.chain.send(node.owner, collectEarningsCall(market.chain, [addressOf(node.key)]));
  const waiting = await hand("share", "show");
  assert.match(waiting.out, /^shares +2, worth 2 tokens/m);
  assert.match(waiting.out, /^price +1 tokens a share$/m);
  assert.match(waiting.out, /^in all +3 shares, worth 3 tokens$/m);
  assert.match(waiting.out, /^dripping +0 tokens become the holders' within 7 days$/m);
  assert.match(waiting.out, /^waiting +0\.1 tokens of fees/m);
  assert.match(waiting.out, /^fee +1 % of what owners collect$/m);

  const harvest = await answerOf<{ harvested: string; until: number }>(hand("share", "harvest", "--json"));
  assert.equal(harvest.harvested, "100000");
  await market.chain.advance(harvest.until - Math.floor(Date.now() / 1_000) + 60);
  const shown = await answerOf<{ worth: string; vault: Record<string, string> }>(hand("share", "show", "--json"));
  // Two of three shares, less a unit of rounding.
  assert.ok(BigInt(shown.worth) >= 2_066_665n && BigInt(shown.worth) <= 2_066_667n, shown.worth);
  assert.deepEqual([shown.vault.dripping, shown.vault.feesWaiting, shown.vault.feeBps], ["0", "0", 100]);
});

test("shares are sold one by one or all, for tokens in the wallet, and never more than there are", async () => {
  const chain = await connectChain(market.chain.settings);
  const tooMany = await hand("share", "redeem", "2.000000000001");
  assert.equal(tooMany.code, 5, tooMany.err);
  assert.match(tooMany.err, /holds 2 shares, not 2\.000000000001/);

  const half = await answerOf<Record<string, string>>(hand("share", "redeem", "1", "--json"));
  assert.deepEqual([half.redeemed, half.shares], [`${WHOLE}`, `${WHOLE}`]);
  assert.equal(await readTokenBalance(chain, holder.address), BigInt(half.received as string));
  const all = await answerOf<Record<string, string>>(hand("share", "redeem", "all", "--json"));
  assert.deepEqual([all.redeemed, all.shares, all.worth], [`${WHOLE}`, "0", "0"]);
  const tokens = await readTokenBalance(chain, holder.address);
  assert.ok(tokens >= 2_066_664n && tokens <= 2_066_667n, String(tokens));

  const none = await hand("share", "redeem", "all");
  assert.equal(none.code, 5, none.err);
  assert.match(none.err, /holds no shares/);
});
