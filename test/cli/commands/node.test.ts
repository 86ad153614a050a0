// A node's stake and its key's account by hand, on a real chain.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { mintCall, registerNodeCall, withdrawCall } from "#chain/calls.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { readBalance, readTokenBalance } from "#chain/read-account.ts";
import { readNode } from "#chain/read-node.ts";
import { openLane } from "#chain/transaction-lane.ts";
import { nodeJournalPath } from "#node/vouchers/exchange-clearings.ts";
import { signMessage } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { type Market, startMarket } from "#test/marketplace/market-fixture.ts";
import { nowSeconds } from "#test/marketplace/statements.ts";
import { answerOf, type Hand, handOf, keepNodeKey, keepWallet } from "./wallet-stage.ts";

const GAS = "0xde0b6b3a7640000";
const WHOLE = 10n ** 12n;
const ownerKey = generatePrivateKey();
const nodeKey = generatePrivateKey();
const owner = privateKeyToAccount(ownerKey);
const key = privateKeyToAccount(nodeKey);
const node = key.address.toLowerCase() as NodeId;
let market: Market;
let chain: Chain;
let hand: Hand;

before(async () => {
  market = await startMarket(1);
  chain = await connectChain(market.chain.settings);
  hand = handOf(market);
  await keepWallet(market, "owner", ownerKey);
  for (const { address } of [owner, key]) await market.chain.rpc("hardhat_setBalance", [address, GAS]);
  await market.chain.fund(owner, 10_000_000n);
});
after(() => market?.[Symbol.asyncDispose]());

test("without a node on this machine, and with one that nobody registered, the next step is named", async () => {
  const absent = await hand("node", "show");
  assert.equal(absent.code, 3, absent.err);
  assert.match(absent.err, /There is no node in .*node\.\nNext: Start it once with mimik node start/);
  await keepNodeKey(market, nodeKey);
  const strange = await hand("node", "stake", "1");
  assert.equal(strange.code, 3, strange.err);
  assert.match(strange.err, /is not registered in this exchange\.\nNext: Register it with mimik node register/);

  const message = { node, owner: owner.address, validUntil: BigInt(nowSeconds() + 3_600) };
  const consent = await signMessage(key, market.domain, "NodeRegistration", message);
  await market.chain.send(owner, registerNodeCall(market.chain, consent));
});

test("a chain that is named by its endpoint and its exchange is asked for its id", async () => {
  const short = handOf(market, { MIMIK_CHAIN_ID: undefined });
  const shown = await answerOf<Record<string, string>>(short("node", "show", "--json"));
  assert.deepEqual([shown.node, shown.owner], [node, owner.address.toLowerCase()]);
  const nowhere = await handOf(market, { MIMIK_CHAIN_ID: undefined, MIMIK_EXCHANGE: owner.address })("node", "show");
  assert.match(nowhere.err, /There is no exchange at 0x[0-9a-f]{40} on chain 31337\./);
});

test("an owner stakes tokens, and no other node's owner's", async () => {
  const staked = await answerOf<Record<string, string>>(hand("node", "stake", "5", "--json"));
  assert.deepEqual([staked.node, staked.shares, staked.stakeWorth], [node, `${5n * WHOLE}`, "5000000"]);
  assert.equal((await readNode(chain, node))?.stake, 5n * WHOLE);
  assert.equal(await readBalance(chain, owner.address), 5_000_000n);

  const other = market.nodes[0]?.key.address as NodeId;
  const foreign = await hand("node", "stake", "1", "--node", other);
  assert.notEqual(foreign.code, 0);
  assert.match(foreign.err, /belongs to 0x.*, not to 0x/);
  assert.equal(await readBalance(chain, owner.address), 5_000_000n, "no token moved");
  assert.equal((await hand("node", "unstake", "1", "--node", other)).code, foreign.code);
});

test("stake comes back after its time, which a command that comes too early says", async () => {
  const none = await hand("node", "withdraw-stake");
  assert.match(none.err, /No stake of node 0x[0-9a-f]{40} is on its way out/);
  const tooMany = await hand("node", "unstake", "6");
  assert.equal(tooMany.code, 5, tooMany.err);
  assert.match(tooMany.err, /has 5 shares staked, not 6/);

  const begun = await hand("node", "unstake", "2");
  assert.equal(begun.code, 0, begun.err);
  // Five graces of ten minutes.
  assert.match(begun.out, /^unbonding +2 shares; free in (50 minutes|49 minutes \d+ seconds), \d{4}-.* UTC$/m);
  const shown = await hand("node", "show");
  assert.match(shown.out, /^stake +3 shares, worth 3 tokens$/m);
  assert.match(shown.out, /^tickets +0 in draws$/m);
  assert.match(shown.out, /^unbonding +2 shares, worth 2 tokens; free in (50|49) minutes/m);
  assert.match(shown.out, /^frozen +no$/m);

  const early = await hand("node", "withdraw-stake");
  assert.notEqual(early.code, 0);
  assert.match(early.err, /comes free in (50 minutes|49 minutes \d+ seconds), .* UTC: it is still unbonding\./);
  await market.chain.advance(3_001);
  assert.match((await hand("node", "show")).out, /^unbonding +2 shares, .*; free now$/m);
  const back = await answerOf<Record<string, string>>(hand("node", "withdraw-stake", "--json"));
  assert.deepEqual([back.withdrawn, back.shares, back.worth], [`${2n * WHOLE}`, `${2n * WHOLE}`, "2000000"]);

  const all = await answerOf<Record<string, string | number>>(hand("node", "unstake", "all", "--json"));
  assert.deepEqual([all.unstaked, all.stake, all.tickets], [`${3n * WHOLE}`, "0", 0]);
  assert.match((await hand("node", "unstake", "all")).err, /has no stake to take back/);
});

test("what the node key's account holds goes to the owner, whole, even after a sweep that stopped half way", async () => {
  const before = await readTokenBalance(chain, owner.address);
  await market.chain.fund(key, 300_000n);
  assert.match((await hand("node", "show")).out, /^forced +0\.3 on the node key's own account/m);
  const swept = await answerOf<Record<string, string>>(hand("node", "sweep", "--json"));
  assert.deepEqual([swept.owner, swept.swept], [owner.address.toLowerCase(), "300000"]);
  assert.equal(await readTokenBalance(chain, owner.address), before + 300_000n);
  assert.deepEqual([await readBalance(chain, node), await readTokenBalance(chain, node)], [0n, 0n]);

  const empty = await hand("node", "sweep");
  assert.equal(empty.code, 0, empty.err);
  assert.match(empty.out, /^Nothing lies with the key of node 0x/);

  await market.chain.fund(key, 50_000n);
  await market.chain.send(key, withdrawCall(chain, 50_000n));
  await market.chain.send(key, mintCall(chain, node, 1n));
  const rest = await answerOf<Record<string, string>>(hand("node", "sweep", "--json"));
  assert.equal(rest.swept, "50001");
  assert.equal(await readTokenBalance(chain, owner.address), before + 350_001n);
});

test("a sweep leaves a key alone that the running node sends with", async () => {
  await market.chain.fund(key, 100_000n);
  const journalPath = nodeJournalPath(join(market.home, "node"));
  {
    await using _running = await openLane({ chain, account: key, journalPath });
    const busy = await hand("node", "sweep", "--json");
    assert.match(busy.out, /"code":"journal-in-use"/);
  }
  assert.equal(await readBalance(chain, node), 100_000n);
});
