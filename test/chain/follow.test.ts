import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { LocalAccount } from "viem";
import { withdrawCall } from "#chain/calls.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { type ChainChange, type Checkpoint, follow } from "#chain/follow.ts";
import { CHAIN_LIMITS } from "#chain/limits.ts";
import { coded } from "./coded.ts";
import { type LocalChain, startLocalChain } from "./local-chain.ts";
import { startRpcProxy } from "./rpc-proxy.ts";

let local: LocalChain;
let chain: Chain;
let account: LocalAccount;

before(async () => {
  local = await startLocalChain();
  chain = await connectChain(local.settings);
  account = local.accounts[0] as LocalAccount;
  await local.fund(account, 100n);
});
after(() => local[Symbol.asyncDispose]());

/** Reads changes until `until` is told, and ends the follower. */
async function read(
  changes: AsyncGenerator<ChainChange, void, undefined>,
  until: (change: ChainChange) => boolean,
): Promise<ChainChange[]> {
  const seen: ChainChange[] = [];
  for (;;) {
    const { value, done } = await changes.next();
    if (done) return seen;
    seen.push(value);
    if (until(value)) return seen;
  }
}

const amounts = (changes: readonly ChainChange[]) =>
  changes.flatMap((change) =>
    change.type === "event" && (change.event.name === "Deposited" || change.event.name === "Withdrawn")
      ? [`${change.event.name} ${change.event.args.amount}`]
      : [],
  );
const height = async () => Number(await chain.client.getBlockNumber());
const options = (from: Checkpoint | undefined, signal: AbortSignal) => ({
  from,
  signal,
  confirmations: 0,
  pollMillis: 10,
});
const finalAt = (block: number) => (change: ChainChange) => change.type === "finalized" && change.block >= block;

test("events come in order from the deployment on, with their time, and each block is said to be final", async () => {
  await local.send(account, withdrawCall(chain, 3n));
  const abort = new AbortController();
  const changes = follow(chain, options(undefined, abort.signal));
  const seen = await read(changes, finalAt(await height()));
  assert.deepEqual(amounts(seen), ["Deposited 100", "Withdrawn 3"]);
  const [first] = seen;
  assert.ok(first?.type === "event" && first.event.name === "Deposited");
  const block = await chain.client.getBlock({ blockNumber: BigInt(first.event.block) });
  assert.equal(first.event.time, Number(block.timestamp));
  assert.equal(first.event.args.account, account.address.toLowerCase());
  await local.send(account, withdrawCall(chain, 4n));
  assert.deepEqual(amounts(await read(changes, finalAt(await height()))), ["Withdrawn 4"]);
  abort.abort();
  assert.equal((await changes.next()).done, true);
});

/** Puts several withdrawals into one block. */
async function withdrawInOneBlock(...given: bigint[]): Promise<void> {
  const first = await chain.client.getTransactionCount({ address: account.address });
  await local.rpc("evm_setAutomine", [false]);
  for (const [index, amount] of given.entries()) {
    const { to, data } = withdrawCall(chain, amount);
    const fees = { gas: 200_000n, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n };
    const nonce = first + index;
    const raw = await account.signTransaction({
      type: "eip1559",
      chainId: chain.settings.chainId,
      to,
      data,
      nonce,
      ...fees,
    });
    await local.rpc("eth_sendRawTransaction", [raw]);
  }
  await local.rpc("evm_mine");
  await local.rpc("evm_setAutomine", [true]);
}

test("a follower goes on within a block, where its checkpoint says", async () => {
  const abort = new AbortController();
  await withdrawInOneBlock(1n, 2n, 1n);
  const seen = await read(follow(chain, options(undefined, abort.signal)), finalAt(await height()));
  const events = seen.filter((change) => change.type === "event");
  assert.deepEqual(amounts(events.slice(-3)), ["Withdrawn 1", "Withdrawn 2", "Withdrawn 1"]);
  for (const kept of [1, 2, 3]) {
    const at = events.at(-kept);
    const rest = await read(follow(chain, options(at?.checkpoint, abort.signal)), finalAt(await height()));
    assert.deepEqual(amounts(rest), amounts(events).slice(events.length + 1 - kept), `${kept} from the end`);
  }
  abort.abort();
});

test("a reorganisation is told from its first block, and what replaces it follows", async () => {
  const abort = new AbortController();
  const changes = follow(chain, options(undefined, abort.signal));
  await read(changes, finalAt(await height()));
  const snapshot = await local.rpc("evm_snapshot");
  const fork = await height();
  await local.send(account, withdrawCall(chain, 5n));
  await local.send(account, withdrawCall(chain, 6n));
  assert.deepEqual(amounts(await read(changes, finalAt(fork + 2))), ["Withdrawn 5", "Withdrawn 6"]);

  await local.rpc("evm_revert", [snapshot]);
  await local.rpc("evm_mine");
  await local.send(account, withdrawCall(chain, 7n));
  await local.rpc("evm_mine");
  const seen = await read(changes, finalAt(fork + 3));
  const reorgs = seen.filter((change) => change.type === "reorg");
  assert.deepEqual(
    reorgs.map(({ from }) => from),
    [fork + 1],
  );
  assert.equal(seen[0]?.type, "reorg");
  assert.deepEqual(amounts(seen), ["Withdrawn 7"]);

  // A kept checkpoint resumes after the common block, and so tells the same.
  const resumed = follow(chain, options(reorgs[0]?.checkpoint, abort.signal));
  assert.deepEqual(amounts(await read(resumed, finalAt(fork + 3))), ["Withdrawn 7"]);
  abort.abort();
});

test("a chain that lost blocks and makes none is noticed too", async () => {
  const abort = new AbortController();
  const changes = follow(chain, options(undefined, abort.signal));
  const snapshot = await local.rpc("evm_snapshot");
  const fork = await height();
  await read(changes, finalAt(fork));
  await local.send(account, withdrawCall(chain, 8n));
  await read(changes, finalAt(fork + 1));
  await local.rpc("evm_revert", [snapshot]);
  const [change] = await read(changes, () => true);
  assert.ok(change?.type === "reorg");
  assert.equal(change.from, fork + 1);
  abort.abort();
});

test("a checkpoint of another chain starts from 0", async () => {
  const abort = new AbortController();
  for (const block of [await height(), 1_000_000]) {
    const from = { block, hash: `0x${"12".repeat(32)}`, log: 3 } as const;
    const seen = await read(follow(chain, options(from, abort.signal)), finalAt(await height()));
    assert.deepEqual(seen[0], { type: "reorg", from: 0, checkpoint: undefined });
    assert.equal(amounts(seen)[0], "Deposited 100");
  }
  abort.abort();
});

test("confirmations hold finality back", async () => {
  const abort = new AbortController();
  const changes = follow(chain, { ...options(undefined, abort.signal), confirmations: 2 });
  const seen = await read(changes, finalAt((await height()) - 2));
  const last = seen.at(-1);
  assert.ok(last?.type === "finalized");
  assert.equal(last.block, (await height()) - 2);
  abort.abort();
});

test("a long way is read in bounded ranges, halved where the endpoint refuses, through outages", async () => {
  await local.rpc("hardhat_mine", ["0x1388"]);
  await local.send(account, withdrawCall(chain, 9n));
  let [outages, widest, ranges] = [3, 0, 0];
  await using proxy = await startRpcProxy(local.rpcUrl, async (method, forward, params) => {
    if (outages > 0) {
      outages -= 1;
      return 503;
    }
    if (method !== "eth_getLogs") return forward();
    const [{ fromBlock, toBlock }] = params as [{ fromBlock: string; toBlock: string }];
    const width = Number(toBlock) - Number(fromBlock) + 1;
    widest = Math.max(widest, width);
    ranges += 1;
    if (width > 1_500) {
      return JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32602, message: "block range too large" } });
    }
    return forward();
  });
  const abort = new AbortController();
  const behind = await connectWithPatience(proxy.url);
  outages = 4;
  const seen = await read(follow(behind, options(undefined, abort.signal)), finalAt(await height()));
  assert.equal(amounts(seen).at(-1), "Withdrawn 9");
  assert.equal(widest, CHAIN_LIMITS.followBlocks);
  assert.ok(ranges >= 5_000 / 1_500);
  abort.abort();

  async function connectWithPatience(rpcUrl: string): Promise<Chain> {
    await assert.rejects(connectChain({ ...local.settings, rpcUrl }), coded("chain-unreachable", "unreachable"));
    return connectChain({ ...local.settings, rpcUrl });
  }
});
