// A market of honest programs. A rented lease's jobs are paid by vouchers that the nodes clear by themselves. Then kill -9
// of every program in the middle of a job: nothing is lost, nothing is paid twice, no second attestation is signed.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Hex } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { readBalance } from "#chain/read-account.ts";
import { type LeaseRecord, readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { walletName, writeLocalWallets } from "#cli/local-market/local-accounts.ts";
import { jobTerms } from "#client/job-terms.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { toWire } from "#protocol/wire.ts";
import { mimik } from "../cli/test-io.ts";
import { helloRequest, startTestMarket, type TestMarket } from "./market-fixture.ts";

const MIMIK = fileURLToPath(new URL("../../bin/mimik.js", import.meta.url));
const JOBS = 5;
const BUDGET = 1_000_000n;
/** What a request says that takes every node so long. */
const SLOWLY = "slowly";
/** Long enough to kill something in the middle of a job. */
const RUN_SECONDS = 3;
const DEADLINE_SECONDS = 40;
const ALL = [0, 1, 2];

let fixture: TestMarket;
before(async () => {
  fixture = await startTestMarket(ALL.map(() => `slow:${RUN_SECONDS}:${SLOWLY}`));
});
after(async () => fixture?.[Symbol.asyncDispose]());

const slowJob = { options: { deadlineSeconds: DEADLINE_SECONDS }, requests: [helloRequest(SLOWLY)] };

async function earnings(): Promise<readonly bigint[]> {
  const records = await Promise.all(fixture.market.nodes.map(({ node }) => readNode(fixture.market.chain, node)));
  return records.map((record) => record?.earned ?? 0n);
}

async function eventCount(eventName: "LeaseOpened" | "OrderSettled"): Promise<number> {
  const { client, settings } = fixture.market.chain;
  return (await client.getContractEvents({ address: settings.exchange, abi: exchangeAbi, eventName, fromBlock: 0n }))
    .length;
}

/** Attestations that the node has on disk for each order: what it ever signed. */
function attestationsOf(home: string): readonly { readonly order: string; readonly signatures: number }[] {
  // A copy, since the running node holds its store alone.
  const copy = join(fixture.directory, `copy-${basename(home)}`);
  cpSync(home, copy, { recursive: true, filter: (path) => !/blobs/.test(path) });
  const store = new DatabaseSync(join(copy, "node.sqlite"));
  try {
    const rows = store
      .prepare(
        'select "order" as id, count(signature) as signatures from attestations group by "order" order by max(rowid)',
      )
      .all();
    return rows.map(({ id, signatures }) => ({ order: String(id), signatures: Number(signatures) }));
  } finally {
    store.close();
  }
}

test("rented, five jobs, paid by vouchers that the nodes clear, and ended by the last one", async () => {
  const { market } = fixture;
  const { chain, nodes } = market;
  const consumer = market.accounts.consumer.account.address;
  const start = await readBalance(chain, consumer);
  const lease = await fixture.rent(jobTerms({ budget: BUDGET }), 3_600);
  const run = async () => {
    const { payment, agreed, responses } = await fixture.hello(ALL, { lease });
    assert.ok(payment.kind === "voucher", toWire(payment));
    assert.deepEqual([agreed.length, responses.length], [3, 1]);
    return payment;
  };
  // The last two at once: each opens the store anew, as another program would.
  const payments = [await run(), await run(), await run(), ...(await Promise.all([run(), run()]))];
  assert.deepEqual(payments.map(({ nonce }) => nonce).toSorted(), [1, 2, 3, 4, 5]);
  const perNode = payments.reduce((sum, { amount }) => sum + amount, 0n);

  const { remaining, paidPerNode, forced } = await leaseWhen(lease, ({ upTo }) => upTo === JOBS);
  assert.deepEqual([remaining, paidPerNode, forced], [BUDGET - 3n * perNode, perNode, 0]);
  for (const { node, owner } of nodes) {
    assert.equal((await readNode(chain, node))?.earned, perNode);
    await assertShown(owner.account.address, perNode);
  }

  const payment = await run();
  const closed = await fixture.endLease(lease);
  assert.ok("refund" in closed, toWire(closed));
  const spent = 3n * (perNode + payment.amount);
  assert.equal(closed.refund, BUDGET - spent);
  assert.equal(await readBalance(chain, consumer), start - spent);
});

test("a node killed in its job comes back, finishes it, and is paid once for one attestation", async () => {
  const earlier = await earnings();
  const victim = fixture.market.nodes[0];
  assert.ok(victim);
  let restarted: Promise<unknown> | undefined;
  const result = await fixture.hello(ALL, {
    ...slowJob,
    onProgress: ({ step }) => {
      if (step !== "ordered") return;
      restarted = new Promise((resolve) => setTimeout(resolve, (RUN_SECONDS * 1_000) / 2)).then(() => {
        process.kill(victim.program.pid, "SIGKILL");
        return fixture.market.restartNode(victim);
      });
    },
  });
  await restarted;
  assert.deepEqual(result.agreed.toSorted(), fixture.market.nodes.map(({ node }) => node).toSorted());
  const later = await earnings();
  assert.deepEqual(
    later.map((amount, index) => amount > (earlier[index] ?? 0n)),
    [true, true, true],
  );
  const attested = attestationsOf(victim.home);
  assert.equal(attested.at(-1)?.order, result.job);
  assert.ok(attested.every(({ signatures }) => signatures === 1));
});

test("the marketplace killed in the middle of a job holds nothing up, and its index is whole again afterwards", async () => {
  const { market } = fixture;
  let restarted: Promise<unknown> | undefined;
  const result = await fixture.hello(ALL, {
    ...slowJob,
    onProgress: ({ step }) => {
      if (step !== "ordered") return;
      process.kill(market.marketplace.pid, "SIGKILL");
      restarted = new Promise((resolve) => setTimeout(resolve, 500)).then(() => market.restartMarketplace());
    },
  });
  await restarted;
  const client = httpMarketplaceClient(market.marketplace.url);
  const indexed = await waitFor(() => client.job(result.job).catch(() => undefined));
  assert.equal(indexed.transaction, result.settlementTransaction);
  const { rows } = await client.nodes();
  const chain = await earnings();
  assert.deepEqual(
    market.nodes.map(({ node }) => rows.find((row) => row.node === node)?.earned),
    chain,
  );
});

test("the client killed in the middle of a job resumes it: one lease, one settlement, the same answer", async () => {
  await waitFor(async () => ((await fixture.offers()).length === ALL.length ? true : undefined));
  const [leases, settled, earlier] = [
    await eventCount("LeaseOpened"),
    await eventCount("OrderSettled"),
    await earnings(),
  ];
  const home = join(fixture.directory, "person");
  const { consumer } = fixture.market.accounts;
  const passwordFile = await writeLocalWallets(home, [consumer]);
  const { rpcUrl, chainId, exchange } = fixture.market.chain.settings;
  const env = {
    ...process.env,
    MIMIK_HOME: home,
    MIMIK_RPC_URL: rpcUrl,
    MIMIK_CHAIN_ID: String(chainId),
    MIMIK_EXCHANGE: exchange,
    MIMIK_MARKETPLACE: fixture.market.marketplace.url,
    MIMIK_WALLET: walletName(consumer.name),
    MIMIK_PASSWORD_FILE: passwordFile,
  };
  const input = join(fixture.directory, "input.json");
  await writeFile(input, JSON.stringify({ name: SLOWLY }));
  const run = ["run", fixture.imagePath, "--input", input, "--deadline", String(DEADLINE_SECONDS), "--json"];
  const client = spawn(process.execPath, [MIMIK, ...run], { env, stdio: ["ignore", "ignore", "ignore"] });
  await waitFor(async () => ((await eventCount("LeaseOpened")) > leases ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, 800));
  client.kill("SIGKILL");
  await once(client, "exit");
  assert.equal(await eventCount("OrderSettled"), settled, "it was killed before it settled");

  const resumed = await output(
    spawn(process.execPath, [MIMIK, "job", "resume", "--json"], { env, stdio: ["ignore", "pipe", "inherit"] }),
  );
  assert.equal(resumed.code, 0, resumed.text);
  const again = await output(
    spawn(process.execPath, [MIMIK, "job", "resume", "--json"], { env, stdio: ["ignore", "pipe", "inherit"] }),
  );
  assert.equal(again.code, 0, again.text);
  assert.equal((await eventCount("LeaseOpened")) - leases, 1);
  assert.equal((await eventCount("OrderSettled")) - settled, 1);
  const later = await earnings();
  assert.deepEqual(
    later.map((amount, index) => amount > (earlier[index] ?? 0n)),
    [true, true, true],
  );
  for (const { home: nodeHome } of fixture.market.nodes) {
    assert.ok(attestationsOf(nodeHome).every(({ signatures }) => signatures === 1));
  }
});

async function leaseWhen(lease: Hex, isSo: (record: LeaseRecord) => boolean): Promise<LeaseRecord> {
  for (let tries = 0; tries < 300; tries++) {
    const record = await readLease(fixture.market.chain, lease);
    if (record && isSo(record)) return record;
    await sleep(100);
  }
  assert.fail("the nodes have not cleared the lease");
}

/** The marketplace's index, and the command that a person sees it by. */
async function assertShown(owner: Hex, earned: bigint): Promise<void> {
  const { market, directory } = fixture;
  const client = httpMarketplaceClient(market.marketplace.url);
  for (let tries = 0; (await client.earnings(owner)).earned !== earned; tries++) {
    assert.ok(tries < 100, "the index does not show what was cleared");
    await sleep(100);
  }
  const { rpcUrl, exchange } = market.chain.settings;
  const flags = ["--owner", owner, "--rpc-url", rpcUrl, "--exchange", exchange, "--marketplace", client.endpoint];
  const { code, out, err } = await mimik(["earnings", ...flags, "--json"], { MIMIK_HOME: join(directory, "person") });
  assert.equal(code, 0, `${out}${err}`);
  const shown = JSON.parse(out);
  assert.deepEqual([shown.earned, shown.waiting], [String(earned), String(earned)]);
  assert.ok(shown.lines.length > 0);
  assert.ok(shown.lines.every(({ paidFor }: { paidFor: { kind: string } }) => paidFor.kind === "voucher"));
}

async function output(child: ChildProcess): Promise<{ readonly code: number; readonly text: string }> {
  let text = "";
  child.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  const [code] = (await once(child, "close")) as [number];
  return { code, text };
}

async function waitFor<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  const until = Date.now() + 60_000;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > until) throw new Error("Waited for 60 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
