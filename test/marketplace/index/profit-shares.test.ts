// The index's arithmetic beside the contracts' own, after everything that can happen to shares and stakes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Abi, type Address, encodeFunctionData, type LocalAccount, toHex } from "viem";
import { stakingAbi } from "#chain/abi/staking-abi.ts";
import { vaultAbi } from "#chain/abi/vault-abi.ts";
import * as calls from "#chain/calls.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { type Checkpoint, follow } from "#chain/follow.ts";
import { readNode, readTicket } from "#chain/read-node.ts";
import { readHolding as readHoldingOnChain, readVault, readWorth } from "#chain/read-vault.ts";
import { applyEvent } from "#marketplace/index/apply-event.ts";
import {
  readHolding,
  readPriceSeries,
  readProfitShare,
  type StakeTerms,
} from "#marketplace/index/read-profit-share.ts";
import { rewind } from "#marketplace/index/rewind.ts";
import { openStore, type Store } from "#marketplace/store/open-store.ts";
import { holdings, profitShares, stakes } from "#marketplace/store/schema.ts";
import { MIGRATIONS } from "../book-fixture.ts";
import { type Market, openLease, settleJob, startMarket } from "../market-fixture.ts";
import { addressOf, type MarketNode } from "../statements.ts";

const DAY = 86_400;
const ONE_SHARE = 10n ** 12n;

let market: Market;
let chain: Chain;
let store: Store;
let terms: StakeTerms;
let place: Checkpoint | undefined;
before(async () => {
  market = await startMarket(2);
  chain = await connectChain(market.chain.settings);
  store = openStore({ path: join(market.home, "shares.sqlite"), migrationsDirectory: MIGRATIONS });
  terms = { staking: chain.contracts.staking, ticket: await readTicket(chain) };
});
after(async () => {
  store?.[Symbol.dispose]();
  await market?.[Symbol.asyncDispose]();
});

/** Takes in what is new; answers the time of the chain's last block. */
async function catchUp(): Promise<number> {
  const ending = new AbortController();
  const options = { from: place, signal: ending.signal, confirmations: 0, pollMillis: 20 };
  for await (const change of follow(chain, options)) {
    place = change.checkpoint;
    if (change.type === "event") store.write((writer) => applyEvent(writer, change.event));
    else ending.abort();
  }
  return Number((await chain.client.getBlock()).timestamp);
}

/** Answers the index's rows when all that the contracts tell is what it says, of the vault, the accounts and the nodes. */
async function assertAsOnChain(accounts: readonly LocalAccount[] = []): Promise<void> {
  const time = await catchUp();
  const indexed = readProfitShare(store.reader, terms, time);
  const vault = await readVault(chain);
  for (const fact of ["shares", "assets", "price", "dripping", "feesWaiting"] as const) {
    assert.equal(indexed[fact], vault[fact], fact);
  }
  assert.equal(indexed.staked, (await readHoldingOnChain(chain, terms.staking)).shares);
  for (const account of [...accounts, ...market.nodes.map(({ owner }) => owner)]) {
    const holding = readHolding(store.reader, terms, addressOf(account), time);
    const onChain = await readHoldingOnChain(chain, account.address);
    assert.deepEqual([holding.held, holding.heldWorth], [onChain.shares, onChain.worth]);
    for (const { node, worth, staked, ...stake } of holding.stakes) {
      const record = await readNode(chain, node);
      const { unbonding, unbondsAt, frozenUntil, tickets } = record ?? {};
      assert.deepEqual({ staked, ...stake }, { staked: record?.stake, unbonding, unbondsAt, frozenUntil, tickets });
      assert.equal(worth, await readWorth(chain, staked + stake.unbonding));
    }
  }
}

function rowsOf(): unknown[] {
  return [stakes, holdings, profitShares].map((table) => store.reader.select().from(table).all());
}

/** A transaction of a contract's, as only the test's chain allows. */
async function sendAs(sender: Address, { to, data }: calls.ContractCall): Promise<void> {
  await market.chain.rpc("hardhat_impersonateAccount", [sender]);
  await market.chain.rpc("hardhat_setBalance", [sender, toHex(10n ** 18n)]);
  await market.chain.rpc("eth_sendTransaction", [{ from: sender, to, data }]);
}

async function takeFees({ owner, key }: MarketNode): Promise<void> {
  const { chain: local } = market;
  await local.send(owner, calls.collectEarningsCall(local, [addressOf(key)]));
  await assertAsOnChain();
  await local.send(owner, calls.harvestCall(local));
  await assertAsOnChain();
}

/** Only the court may call these. */
function stakingCall(name: "freeze" | "slash", args: readonly unknown[]): calls.ContractCall {
  return { name, to: terms.staking, data: encodeFunctionData({ abi: stakingAbi as Abi, functionName: name, args }) };
}

/** Of the vault's own, which the project's programs never send. */
function vaultCall(name: "forfeit" | "transfer", args: readonly unknown[]): calls.ContractCall {
  return {
    name,
    to: chain.contracts.vault,
    data: encodeFunctionData({ abi: vaultAbi as Abi, functionName: name, args }),
  };
}

test("what shares are worth, drip and were taken for is what the vault says, whoever comes, goes or gives up", async () => {
  const { chain: local, consumer } = market;
  const [first, second] = market.nodes as readonly [MarketNode, MarketNode];
  const { owner } = first;
  await assertAsOnChain();
  const lease = await openLease(market, 1);
  await settleJob(market, lease, { nonce: 1, price: 20_000_003n });
  await takeFees(first);
  await local.send(consumer, calls.mintCall(local, consumer.address, 7_000_000n));
  await local.send(consumer, calls.approveSharesCall(local, 7_000_000n));
  await local.send(consumer, calls.depositSharesCall(local, consumer.address, 7_000_000n));
  await local.advance(2 * DAY);
  await local.send(owner, calls.mintCall(local, chain.contracts.vault, 31n));
  await takeFees(second);
  await assertAsOnChain([consumer]);
  const halfway = readProfitShare(store.reader, terms, await catchUp());
  assert.equal(halfway.harvested, 400_000n + 31n);
  assert.ok(halfway.dripping > 0n && halfway.price > 1_000_000n);

  await local.send(consumer, vaultCall("forfeit", [ONE_SHARE]));
  await local.advance(DAY);
  const half = readHolding(store.reader, terms, addressOf(consumer), await catchUp()).held / 2n;
  await local.send(consumer, calls.redeemSharesCall(local, consumer.address, half));
  await local.send(consumer, vaultCall("transfer", [owner.address, half / 2n]));
  await local.send(owner, vaultCall("transfer", [owner.address, 1n]));
  await assertAsOnChain([consumer]);
  assert.ok(readProfitShare(store.reader, terms, 0).forfeited > 1_000_000n);
  await local.advance(8 * DAY);
  await assertAsOnChain([consumer]);
});

test("a stake is told as it stands: staked, unbonding, frozen, slashed and gone, and taken back with its blocks", async () => {
  const { chain: local } = market;
  const [first, second] = market.nodes as readonly [MarketNode, MarketNode];
  const { court } = chain.contracts;
  await local.stake(first.owner, first.key.address, 300_000_000n);
  await local.send(first.owner, calls.startUnbondingCall(local, first.key.address, 40n * ONE_SHARE));
  await assertAsOnChain();
  const kept = rowsOf();
  const { block = 0 } = place ?? {};

  const until = (await catchUp()) + 2 * DAY;
  await sendAs(court, stakingCall("freeze", [first.key.address, toHex(1, { size: 32 }), until]));
  await local.send(second.owner, calls.startUnbondingCall(local, second.key.address, 1n));
  await assertAsOnChain();
  const frozen = readHolding(store.reader, terms, addressOf(first.owner), until).stakes[0];
  assert.equal(frozen?.frozenUntil, until);
  assert.equal(frozen?.tickets, 1);
  const slashed = (frozen?.staked ?? 0n) + 10n * ONE_SHARE;
  await sendAs(court, stakingCall("slash", [first.key.address, slashed, toHex(1, { size: 32 })]));
  await assertAsOnChain();
  await sendAs(court, vaultCall("forfeit", [slashed]));
  await local.advance(3 * DAY);
  await local.send(first.owner, calls.finishUnbondingCall(local, first.key.address));
  await local.send(first.owner, calls.redeemSharesCall(local, first.owner.address, ONE_SHARE));
  await assertAsOnChain();

  store.write((writer) => rewind(writer, block + 1));
  assert.deepEqual(rowsOf(), kept);
});

test("a chart of the price has a point a step, and none from before the first share", async () => {
  const now = await catchUp();
  for (const hours of [1, 24, 720]) {
    const { from, stepSeconds, prices } = readPriceSeries(store.reader, hours, now);
    assert.deepEqual([prices.length, from + prices.length * stepSeconds], [120, now]);
    assert.equal(prices.at(-1), readProfitShare(store.reader, terms, now).price);
  }
  const { prices } = readPriceSeries(store.reader, 720, now);
  const known = prices.filter((price) => price !== null);
  assert.equal(prices.indexOf(known[0] ?? null), prices.length - known.length);
  assert.ok(known.length > 10 && known.length < 120);
  assert.equal(known[0], 1_000_000n);
  assert.deepEqual(
    known,
    known.toSorted((a, b) => Number(a - b)),
  );
  assert.deepEqual(new Set(readPriceSeries(store.reader, 1, 1).prices), new Set([null]));
});
