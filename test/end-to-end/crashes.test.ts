// kill -9 of every program in the middle of a job: nothing is lost, nothing is paid twice, no second attestation is
// signed.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { readNode } from "#chain/read-node.ts";
import { walletName, writeLocalWallets } from "#cli/local-market/local-accounts.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { startTestMarket, type TestMarket } from "./market-fixture.ts";

const MIMIK = fileURLToPath(new URL("../../bin/mimik.js", import.meta.url));
/** Long enough to kill something in the middle of a job. */
const RUN_SECONDS = 3;
const DEADLINE_SECONDS = 40;
const ALL = [0, 1, 2];

let fixture: TestMarket;
before(async () => {
  fixture = await startTestMarket(ALL.map(() => `slow:${RUN_SECONDS}`));
});
after(async () => fixture?.[Symbol.asyncDispose]());

const options = { deadlineSeconds: DEADLINE_SECONDS };

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
      .prepare('select "order" as id, count(signature) as signatures from attestations group by "order"')
      .all();
    return rows.map(({ id, signatures }) => ({ order: String(id), signatures: Number(signatures) }));
  } finally {
    store.close();
  }
}

test("a node killed in its job comes back, finishes it, and is paid once for one attestation", async () => {
  const earlier = await earnings();
  const victim = fixture.market.nodes[0];
  assert.ok(victim);
  let restarted: Promise<unknown> | undefined;
  const result = await fixture.hello(ALL, {
    options,
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
  assert.deepEqual(attestationsOf(victim.home), [{ order: result.job, signatures: 1 }]);
});

test("the marketplace killed in the middle of a job holds nothing up, and its index is whole again afterwards", async () => {
  const { market } = fixture;
  let restarted: Promise<unknown> | undefined;
  const result = await fixture.hello(ALL, {
    options,
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
  await writeFile(input, JSON.stringify({ name: "world" }));
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

async function output(child: ChildProcess): Promise<{ readonly code: number; readonly text: string }> {
  let text = "";
  child.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  const [code] = (await once(child, "close")) as [number];
  return { code, text };
}

async function waitFor<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  const until = Date.now() + 20_000;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > until) throw new Error("Waited for 20 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
