import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { LocalAccount } from "viem";
import { mintCall } from "#chain/calls.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { readTokenBalance } from "#chain/read-account.ts";
import { openLane } from "#chain/transaction-lane.ts";
import { type LocalChain, startLocalChain } from "./local-chain.ts";
import { startRpcProxy } from "./rpc-proxy.ts";
import { scratchFolder } from "./scratch-folder.ts";

let local: LocalChain;
let chain: Chain;

before(async () => {
  local = await startLocalChain();
  chain = await connectChain(local.settings);
});
after(() => local[Symbol.asyncDispose]());

/** When the child dies: at its request of `method`, before or after the chain has carried it out. */
const POINTS = [
  { name: "before it signs", method: "eth_estimateGas", carriedOut: false },
  { name: "between the journal and the chain", method: "eth_sendRawTransaction", carriedOut: false },
  { name: "between the chain and its answer", method: "eth_sendRawTransaction", carriedOut: true },
  { name: "before it reads the receipt", method: "eth_getTransactionReceipt", carriedOut: false },
] as const;

describe("a program killed at any point pays once", { concurrency: true }, () => {
  for (const [index, point] of POINTS.entries()) test(point.name, () => killAndGoOn(index + 1, point));
});

async function killAndGoOn(addressIndex: number, { method, carriedOut }: (typeof POINTS)[number]): Promise<void> {
  await using folder = await scratchFolder();
  const account = local.accounts[addressIndex] as LocalAccount;
  const journalPath = join(folder.path, "lane.db");
  let child: ChildProcess | undefined;
  let deaths = 0;
  await using proxy = await startRpcProxy(local.rpcUrl, async (asked, forward) => {
    if (asked !== method) return forward();
    deaths += 1;
    if (carriedOut) await forward();
    child?.kill("SIGKILL");
    return undefined;
  });
  const input = { settings: { ...local.settings, rpcUrl: proxy.url }, addressIndex, journalPath };
  const script = fileURLToPath(new URL("lane-child.ts", import.meta.url));
  child = spawn(process.execPath, [script, JSON.stringify(input)], { stdio: "inherit" });
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  assert.equal(signal, "SIGKILL");
  assert.ok(deaths > 0);

  await using lane = await openLane({ chain, account, journalPath });
  await lane.send("mint", mintCall(chain, account.address, 1n));
  assert.equal(await readTokenBalance(chain, account.address), 1n);
  assert.equal(await chain.client.getTransactionCount({ address: account.address }), 1);
}
