import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { closeLeaseCall, extendLeaseCall, startUnbondingCall, topUpCall } from "#chain/calls.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { startChainIndex } from "#marketplace/index/chain-index.ts";
import { readEarnings, readEarningsSeries } from "#marketplace/index/read-earnings.ts";
import { listJobs } from "#marketplace/index/read-jobs.ts";
import { findLease, listLeases } from "#marketplace/index/read-leases.ts";
import { readMarket } from "#marketplace/index/read-market.ts";
import { findNode, listNodes, listOwners } from "#marketplace/index/read-nodes.ts";
import { openStore, type Store } from "#marketplace/store/open-store.ts";
import * as schema from "#marketplace/store/schema.ts";
import { startLocalChain } from "#test/chain/local-chain.ts";
import { MIGRATIONS } from "../book-fixture.ts";
import {
  claimJobs,
  type Market,
  type OpenLease,
  openLease,
  registerNode,
  settleJob,
  startMarket,
} from "../market-fixture.ts";
import { addressOf, eventually, keyOf, nowSeconds } from "../statements.ts";

/** By one claim, for three nodes. */
const CLAIMED = 2_100n;
let market: Market;
let chain: Chain;
before(async () => {
  market = await startMarket(3);
  chain = await connectChain(market.chain.settings);
});
after(() => market[Symbol.asyncDispose]());

interface Indexed extends AsyncDisposable {
  readonly store: Store;
  readonly rewound: number[];
  /** Waits until the index has the chain's last block and answers every row. */
  rows(): Promise<Record<string, unknown[]>>;
}

function indexOf(name: string, of: Chain = chain): Indexed {
  const store = openStore({ path: join(market.home, name), migrationsDirectory: MIGRATIONS });
  const rewound: number[] = [];
  const index = startChainIndex({
    store,
    chain: of,
    confirmations: 0,
    pollMillis: 30,
    onTouched: () => {},
    onRewound: (nodes) => rewound.push(nodes.length),
    onTrouble: (error) => assert.fail(String(error)),
  });
  return {
    store,
    rewound,
    rows: async () => {
      const head = await of.client.getBlock({ blockTag: "latest" });
      const placeOf = () => store.reader.select().from(schema.chainState).get()?.checkpoint ?? "";
      await eventually(
        async () => placeOf(),
        (place) => place.includes(head.hash),
      );
      return dump(store);
    },
    [Symbol.asyncDispose]: async () => {
      await index[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}

function dump({ reader }: Store): Record<string, unknown[]> {
  const { nodes, owners, stakeChanges, leases, leaseChanges, orders, payments, earningsByMinute } = schema;
  const tables = { nodes, owners, stakeChanges, leases, leaseChanges, orders, payments, earningsByMinute };
  const text = (row: unknown) => JSON.stringify(row, (_key, value) => (typeof value === "bigint" ? `${value}` : value));
  const rows = Object.entries(tables).map(([name, table]) => [
    name,
    (reader.select().from(table).all() as unknown[]).map(text).sort(),
  ]);
  return { ...Object.fromEntries(rows), paid: [readMarket(reader).paid.toString()] };
}

test("the index says what the chain says, through a reorganisation and restarts, and equals one made from the beginning", async () => {
  const { chain: local, nodes, consumer } = market;
  const [first, second] = nodes as readonly [(typeof nodes)[number], (typeof nodes)[number]];
  let lease: OpenLease;
  {
    await using early = indexOf("followed.sqlite");
    lease = await openLease(market, 1);
    await settleJob(market, lease, { nonce: 1, price: 1_000_000n });
    await early.rows();
  }
  await using followed = indexOf("followed.sqlite");
  const kept = await followed.rows();
  assert.equal(kept.orders?.length, 1);

  const snapshot = await local.rpc("evm_snapshot");
  await settleJob(market, lease, { nonce: 2, price: 2_500_000n });
  await local.send(consumer, topUpCall(local, lease.lease, 7_000_000n));
  await local.send(consumer, extendLeaseCall(local, lease.terms, nowSeconds() + 9_000));
  await local.send(first.owner, startUnbondingCall(local, first.key.address, 400_000n));
  await registerNode(local, market.domain, { key: keyOf(60), owner: local.accounts[5] as (typeof first)["owner"] });
  await openLease(market, 2);
  const lost = await followed.rows();
  assert.deepEqual([lost.orders?.length, lost.nodes?.length, lost.leases?.length], [2, 4, 2]);

  await local.rpc("evm_revert", [snapshot]);
  await local.send(consumer, topUpCall(local, lease.lease, 1n));
  const replaced = await followed.rows();
  assert.deepEqual(followed.rewound, [1], "one node's registration was taken back");
  assert.deepEqual(replaced.orders, kept.orders);
  assert.deepEqual(replaced.nodes, kept.nodes);
  assert.equal(findLease(followed.store.reader, lease.lease)?.funded, 100_000_001n);

  await settleJob(market, lease, { nonce: 3, price: 300n });
  const deadline = nowSeconds() + 1_800;
  await local.advance(1_900);
  await settleJob(market, lease, { nonce: 4, price: 400n, forceFee: 5_000n, deadline });
  await claimJobs(market, lease, { nonces: [5, 6], perNode: CLAIMED / 3n, forceFee: 10n, deadline });
  await local.send(second.owner, startUnbondingCall(local, second.key.address, 1n));
  const open = await openLease(market, 3);
  await followed.rows();
  assert.equal(
    findLease(followed.store.reader, lease.lease)?.spent,
    3_000_000n + 900n + 1_200n + 5_000n + 2_100n + 20n,
  );
  await assertAsOnChain(followed.store, lease);
  await local.advance(9_000);
  await local.send(consumer, closeLeaseCall(local, open.terms));

  const final = await followed.rows();
  await using rebuilt = indexOf("rebuilt.sqlite");
  assert.deepEqual(await rebuilt.rows(), final);
  assert.equal(findLease(rebuilt.store.reader, open.lease)?.closed, true);
});

async function assertAsOnChain({ reader }: Store, { lease }: OpenLease): Promise<void> {
  for (const { key } of market.nodes) {
    const onChain = await readNode(chain, key.address);
    const indexed = findNode(reader, addressOf(key));
    assert.equal(indexed?.earned, onChain?.earned);
    assert.equal(indexed?.stake, onChain?.stake);
  }
  const onChain = await readLease(chain, lease as Parameters<typeof readLease>[1]);
  const indexed = findLease(reader, lease);
  assert.equal((indexed?.funded ?? 0n) - (indexed?.spent ?? 0n), onChain?.remaining);
}

test("listings and sums agree with each other", async () => {
  await using indexed = indexOf("rebuilt.sqlite");
  await indexed.rows();
  const { reader } = indexed.store;
  const jobs = listJobs(reader, { limit: 200 }).rows;
  const paged = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: ReturnType<typeof listJobs> = listJobs(reader, { limit: 1, cursor });
    paged.push(...page.rows);
    cursor = page.next;
  }
  assert.deepEqual(paged, jobs);
  // What was claimed is in no job: a claim names no results.
  const total = jobs.reduce((sum, job) => sum + job.total, CLAIMED);
  assert.equal(readMarket(reader).paid, total);
  assert.equal(
    listOwners(reader, { limit: 200 }).rows.reduce((sum, { earned }) => sum + earned, 0n),
    total,
  );
  for (const job of jobs)
    assert.equal(
      job.total,
      job.paid.reduce((sum, { amount }) => sum + amount, 0n),
    );
  const owner = addressOf(market.nodes[0]?.owner ?? market.consumer);
  const own = readEarnings(reader, owner);
  assert.equal(
    own.lines.reduce((sum, { amount }) => sum + amount, 0n),
    own.earned,
  );
  assert.equal(listJobs(reader, { owner }).rows.length, jobs.length);
  assert.equal(listJobs(reader, { owner: addressOf(market.consumer) }).rows.length, 0);
  assert.equal(listJobs(reader, { consumer: addressOf(market.consumer) }).rows.length, jobs.length);
  assert.equal(listLeases(reader, { limit: 1 }).rows.length, 1);
  const registered = listNodes(reader, { limit: 2 });
  assert.equal(listNodes(reader, { limit: 2, cursor: registered.next ?? undefined }).rows.length, 1);
  const [richest] = listOwners(reader, { limit: 1 }).rows;
  assert.equal(listOwners(reader, { limit: 2, cursor: `${richest?.earned}.${richest?.owner}` }).rows.length, 2);

  const now = nowSeconds() + 1_900;
  for (const hours of [1, 24, 720]) {
    const series = readEarningsSeries(reader, { owner: undefined, hours, now });
    assert.ok(series.amounts.length <= 120);
    assert.equal(
      series.amounts.reduce((sum, amount) => sum + amount, 0n),
      total,
      `${hours} hours`,
    );
    assert.ok(series.from + series.stepSeconds * series.amounts.length > now);
  }
  assert.equal(
    readEarningsSeries(reader, { owner, hours: 24, now }).amounts.reduce((sum, amount) => sum + amount, 0n),
    own.earned,
  );
});

test("a chain that was started anew empties the index", async () => {
  await using other = await startLocalChain();
  await using indexed = indexOf("rebuilt.sqlite", await connectChain(other.settings));
  assert.deepEqual((await indexed.rows()).nodes, []);
  assert.equal(readMarket(indexed.store.reader).paid, 0n);
  assert.equal(indexed.rewound.length, 1);
});
