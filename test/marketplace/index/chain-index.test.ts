import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import Database from "better-sqlite3";
import { and, eq } from "drizzle-orm";
import { type Hex, parseEventLogs } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { closeLeaseCall, extendLeaseCall, startUnbondingCall, topUpCall } from "#chain/calls.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { startChainIndex } from "#marketplace/index/chain-index.ts";
import { readEarnings, readEarningsSeries } from "#marketplace/index/read-earnings.ts";
import { findJob, listJobs } from "#marketplace/index/read-jobs.ts";
import { findLease, listLeases } from "#marketplace/index/read-leases.ts";
import { readMarket } from "#marketplace/index/read-market.ts";
import { findNode, listNodes, listOwners } from "#marketplace/index/read-nodes.ts";
import { openStore, type Store } from "#marketplace/store/open-store.ts";
import * as schema from "#marketplace/store/schema.ts";
import { startLocalChain } from "#test/chain/local-chain.ts";
import { MIGRATIONS } from "../book-fixture.ts";
import {
  claimOrders,
  clearLeases,
  type Market,
  type OpenLease,
  openLease,
  registerNode,
  settleJob,
  startMarket,
} from "../market-fixture.ts";
import { addressOf, eventually, keyOf, nowSeconds } from "../statements.ts";

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
  const { nodes, owners, leases, leaseChanges, orders, claims, payments, earningsByMinute } = schema;
  const { stakes, holdings, profitShares } = schema;
  const records = { stakes, holdings, profitShares };
  const tables = { nodes, owners, leases, leaseChanges, orders, claims, payments, earningsByMinute, ...records };
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
  await local.send(first.owner, startUnbondingCall(local, first.key.address, 400_000_000_000n));
  await registerNode(local, market.domain, { key: keyOf(60), owner: local.accounts[5] as (typeof first)["owner"] });
  const ended = await openLease(market, 2);
  const late = { deadline: nowSeconds() - 10, forceFee: 2_000n };
  await claimOrders(market, lease, { nonces: [3, 4], perNode: 40_000n, ...late });
  await clearLeases(market, [
    [lease, { perNode: 70_000n, upTo: 6, forced: 4 }],
    [ended, { perNode: 5_000n, upTo: 2, forced: 0, last: true }],
  ]);
  const lost = await followed.rows();
  assert.deepEqual([lost.orders?.length, lost.nodes?.length, lost.leases?.length, lost.claims?.length], [4, 4, 2, 1]);
  assert.equal(findLease(followed.store.reader, lease.lease)?.jobs, 6);
  assert.equal(findLease(followed.store.reader, ended.lease)?.closed, true);

  await local.rpc("evm_revert", [snapshot]);
  await local.send(consumer, topUpCall(local, lease.lease, 1n));
  const replaced = await followed.rows();
  assert.deepEqual(followed.rewound, [1], "one node's registration was taken back");
  for (const table of [
    "orders",
    "claims",
    "payments",
    "owners",
    "nodes",
    "earningsByMinute",
    "paid",
    "stakes",
    "holdings",
  ]) {
    assert.deepEqual(replaced[table], kept[table], table);
  }
  assert.equal(findLease(followed.store.reader, lease.lease)?.funded, 100_000_001n);

  await settleJob(market, lease, { nonce: 3, price: 300n });
  const deadline = nowSeconds() + 1_800;
  await local.advance(1_900);
  await settleJob(market, lease, { nonce: 4, price: 400n, forceFee: 5_000n, deadline });
  await local.send(second.owner, startUnbondingCall(local, second.key.address, 1n));
  const open = await openLease(market, 3);
  await followed.rows();
  assert.equal(findLease(followed.store.reader, lease.lease)?.spent, 3_000_000n + 900n + 1_200n + 5_000n);
  await assertAsOnChain(followed.store, lease);
  await payOverEveryRung(followed, lease, open);
  await local.advance(9_000);
  await local.send(consumer, closeLeaseCall(local, open.terms));

  const final = await followed.rows();
  await using rebuilt = indexOf("rebuilt.sqlite");
  assert.deepEqual(await rebuilt.rows(), final);
  assert.equal(findLease(rebuilt.store.reader, open.lease)?.closed, true);
});

/** After orders 1, 3 and 4 of `lease` were settled: a claim, then a clearing with `open`, both checked in the index. */
async function payOverEveryRung(followed: Indexed, lease: OpenLease, open: OpenLease): Promise<void> {
  const { reader } = followed.store;
  const [{ owner: first }] = market.nodes as readonly [(typeof market.nodes)[number]];
  const before = findLease(reader, lease.lease);
  const late = { deadline: nowSeconds() + 1_800, forceFee: 10n };
  const claimed = await claimOrders(market, lease, { nonces: [5, 6], perNode: 2_001n, ...late });
  const transaction = await clearLeases(market, [
    [lease, { perNode: 9_000n, upTo: 8, forced: 5 }],
    [open, { perNode: 1_000n, upTo: 1, forced: 0 }],
    [lease, { perNode: 9_500n, upTo: 8, forced: 5 }],
  ]);
  await followed.rows();

  const after = findLease(reader, lease.lease);
  assert.equal((after?.spent ?? 0n) - (before?.spent ?? 0n), 3n * 2_001n + 20n + 3n * 9_500n);
  // Of the orders up to 8, a voucher pays for 2, 7 and 8: the others were settled or claimed.
  assert.deepEqual([before?.jobs, after?.jobs, after?.upTo, after?.paidPerNode], [3, 8, 8, 9_500n]);
  await assertAsOnChain(followed.store, lease);
  await assertAsOnChain(followed.store, open);
  await assertAsCleared(followed.store, transaction);

  const { lines } = readEarnings(reader, addressOf(first));
  assert.deepEqual(
    lines.slice(0, 4).map((line) => [line.paidFor, line.jobs, line.amount, line.lease, line.transaction]),
    [
      [{ kind: "voucher", after: 8, upTo: 8 }, 0, 500n, lease.lease, transaction],
      [{ kind: "voucher", after: 0, upTo: 1 }, 1, 1_000n, open.lease, transaction],
      [{ kind: "voucher", after: 0, upTo: 8 }, 3, 9_000n, lease.lease, transaction],
      [{ kind: "claim", claim: claimed.claim }, 2, 2_001n, lease.lease, claimed.transaction],
    ],
  );
  assert.equal(lines[4]?.paidFor.kind, "order");
  for (const order of claimed.orders) {
    const job = findJob(reader, order);
    assert.deepEqual([job?.claim?.claim, job?.claim?.orders, job?.resultHash], [claimed.claim, 2, null]);
    assert.deepEqual([job?.total, job?.paid.length, job?.paid[0]?.amount], [6_003n, 3, 2_001n]);
  }
}

/** What the contract says that it paid each node, over all leases of a clearing, is what the index has line by line. */
async function assertAsCleared({ reader }: Store, transaction: Hex): Promise<void> {
  const { logs } = await chain.client.getTransactionReceipt({ hash: transaction });
  const cleared = parseEventLogs({ abi: exchangeAbi, logs, eventName: "NodeCleared" });
  assert.equal(cleared.length, market.nodes.length);
  for (const { args } of cleared) {
    const ofNode = and(eq(schema.payments.transaction, transaction), eq(schema.payments.node, lowerCase(args.node)));
    const lines = reader.select().from(schema.payments).where(ofNode).all();
    assert.equal(
      lines.reduce((sum, { amount }) => sum + amount, 0n),
      args.amount,
    );
  }
}

function lowerCase(address: Hex): Hex {
  return address.toLowerCase() as Hex;
}

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
  assert.deepEqual(
    jobs.map(({ claim }) => claim?.orders ?? 1),
    [2, 2, 1, 1, 1],
    "claimed ones, then settled ones",
  );
  const leases = listLeases(reader, { limit: 200 }).rows;
  const totals = new Map(jobs.map(({ claim, order, total }) => [claim?.claim ?? order, total]));
  const named = [...totals.values()].reduce((sum, each) => sum + each, 0n);
  const byVoucher = leases.reduce((sum, { paidPerNode, nodes }) => sum + paidPerNode * BigInt(nodes.length), 0n);
  const total = named + byVoucher;
  assert.equal(readMarket(reader).paid, total);
  const paidJobs = leases.reduce((sum, lease) => sum + lease.jobs, 0);
  assert.equal(readMarket(reader).jobs, paidJobs);
  for (const { key } of market.nodes) assert.equal(findNode(reader, addressOf(key))?.jobs, paidJobs);
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

test("a store of before clearings and claims were counted is indexed anew, and keeps its book", async () => {
  await using rebuilt = indexOf("rebuilt-again.sqlite");
  const rows = await rebuilt.rows();
  const path = join(market.home, "earlier.sqlite");
  makeEarlierStore(path, rebuilt.store.reader.select().from(schema.chainState).get()?.checkpoint ?? "");
  await using earlier = indexOf("earlier.sqlite");
  assert.deepEqual(await earlier.rows(), rows);
  assert.deepEqual(
    earlier.store.reader.select({ node: schema.offers.node, message: schema.offers.message }).from(schema.offers).all(),
    [{ node: "0x01", message: "{}" }],
  );
});

/** As the first program left it: followed up to `checkpoint`, with an offer, and payments of settled orders only. */
function makeEarlierStore(path: string, checkpoint: string): void {
  const migrationsDirectory = join(market.home, "first-migration");
  mkdirSync(join(migrationsDirectory, "meta"), { recursive: true });
  cpSync(join(MIGRATIONS, "0000_opening.sql"), join(migrationsDirectory, "0000_opening.sql"));
  const journal = JSON.parse(readFileSync(join(MIGRATIONS, "meta/_journal.json"), "utf8")) as { entries: unknown[] };
  const first = { ...journal, entries: journal.entries.slice(0, 1) };
  writeFileSync(join(migrationsDirectory, "meta/_journal.json"), JSON.stringify(first));
  openStore({ path, migrationsDirectory })[Symbol.dispose]();

  const { chainId, exchange } = market.domain;
  const node = addressOf(keyOf(1));
  using database = disposable(new Database(path));
  const insert = (table: string, ...values: unknown[]) =>
    database.value.prepare(`INSERT INTO ${table} VALUES (${values.map(() => "?").join()})`).run(...values);
  insert("chain_state", 1, chainId, exchange, checkpoint, 9, "300");
  insert("offers", "0x01", "0x02", "1", 1, "{}", "0x", 1, 1, 0);
  insert("nodes", node, "0x05", "1", "300", 1, 3, 0);
  insert("owners", "0x05", 1, "300", 1);
  insert("leases", "0x03", "0x04", "[]", "300", "300", 1, 0, 4, 0);
  insert("lease_changes", 4, 0, "0x03", "300", "300", 1, 0);
  insert("orders", "0x06", "0x03", "0x04", "0x07", "300", "0x08", 1, 5, 1);
  insert("payments", 5, 0, "0x06", "0x03", node, "0x05", "300", "0x08", 1);
  insert("earnings_by_minute", "0x05", 0, "300");
}

function disposable(value: Database.Database): Disposable & { readonly value: Database.Database } {
  return { value, [Symbol.dispose]: () => value.close() };
}
