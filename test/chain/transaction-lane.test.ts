import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { LocalAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { approveCall, depositCall, mintCall, registerNodeCall, withdrawCall } from "#chain/calls.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { readBalance, readTokenBalance } from "#chain/read-account.ts";
import { openLane } from "#chain/transaction-lane.ts";
import type { ProtocolError } from "#protocol/protocol-error.ts";
import { signMessage } from "#protocol/signing.ts";
import { coded } from "./coded.ts";
import { type LocalChain, startLocalChain } from "./local-chain.ts";
import { startRpcProxy } from "./rpc-proxy.ts";
import { scratchFolder } from "./scratch-folder.ts";

let local: LocalChain;
let chain: Chain;
let next = 0;

before(async () => {
  local = await startLocalChain();
  chain = await connectChain(local.settings);
});
after(() => local[Symbol.asyncDispose]());

/** Each test has an account of its own. */
function freshAccount(): LocalAccount {
  next += 1;
  return local.accounts[next] as LocalAccount;
}

async function nonceOf(account: LocalAccount): Promise<number> {
  return chain.client.getTransactionCount({ address: account.address });
}

test("a key is carried out once, in this run and the next", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  const options = { chain, account, journalPath: join(folder.path, "lanes", "a.db") };
  const mint = mintCall(chain, account.address, 7n);
  const first = await (async () => {
    await using lane = await openLane(options);
    const [one, two] = await Promise.all([lane.send("mint", mint), lane.send("mint", mint)]);
    assert.equal(one.hash, two.hash);
    assert.equal((await lane.send("mint", mint)).hash, one.hash);
    assert.equal(one.receipt.status, "success");
    return one;
  })();
  await using lane = await openLane(options);
  assert.equal((await lane.send("mint", mint)).hash, first.hash);
  assert.equal(await readTokenBalance(chain, account.address), 7n);
  const other = mintCall(chain, account.address, 8n);
  await assert.rejects(lane.send("mint", other), coded("key-reused"));
  assert.equal((await lane.send("mint", other, { orEarlier: true })).hash, first.hash);
  assert.equal(await nonceOf(account), 1);
});

test("a call that may differ at a second try is sent as it first was, also while it is on its way", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  await using lane = await openLane({ chain, account, journalPath: join(folder.path, "lane.db") });
  const amounts = [1n, 2n, 3n];
  const sent = await Promise.all(
    amounts.map((amount) => lane.send("mint", mintCall(chain, account.address, amount), { orEarlier: true })),
  );
  assert.equal(new Set(sent.map(({ hash }) => hash)).size, 1);
  assert.equal(await readTokenBalance(chain, account.address), 1n);
  assert.equal(await nonceOf(account), 1);
});

test("many calls at once follow each other", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  await using lane = await openLane({ chain, account, journalPath: join(folder.path, "lane.db") });
  const keys = Array.from({ length: 40 }, (_, index) => `mint-${index}`);
  await Promise.all(keys.map((key) => lane.send(key, mintCall(chain, account.address, 1n))));
  assert.equal(await readTokenBalance(chain, account.address), 40n);
  assert.equal(await nonceOf(account), 40);
});

test("a refused call costs nothing, is told by its reason, and may be tried again", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  await using lane = await openLane({ chain, account, journalPath: join(folder.path, "lane.db") });
  const deposit = depositCall(chain, 5n);
  await assert.rejects(lane.send("deposit", deposit), (error: unknown) => {
    coded("erc20-insufficient-allowance", "funds")(error);
    assert.equal((error as ProtocolError).context.needed, 5n);
    return true;
  });
  await assert.rejects(lane.send("withdraw", withdrawCall(chain, 1n)), coded("account-underfunded"));
  await assert.rejects(lane.send("zero", withdrawCall(chain, 0n)), coded("amount-zero"));
  assert.equal(await nonceOf(account), 0);
  await lane.send("mint", mintCall(chain, account.address, 5n));
  await lane.send("approve", approveCall(chain, 5n));
  await lane.send("deposit", deposit);
  assert.equal(await readBalance(chain, account.address), 5n);
});

test("an account without gas money is told so, and nothing is sent", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  await local.rpc("hardhat_setBalance", [account.address, "0x1"]);
  await using lane = await openLane({ chain, account, journalPath: join(folder.path, "lane.db") });
  await assert.rejects(lane.send("mint", mintCall(chain, account.address, 1n)), coded("gas-unfunded"));
});

test("one journal, one lane; and one account, one journal", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  const journalPath = join(folder.path, "lane.db");
  {
    await using _lane = await openLane({ chain, account, journalPath });
    await assert.rejects(openLane({ chain, account, journalPath }), coded("journal-in-use"));
  }
  await assert.rejects(openLane({ chain, account: freshAccount(), journalPath }), coded("journal-mismatch"));
});

test("a closed lane says so and leaves its transaction to go on", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  const journalPath = join(folder.path, "lane.db");
  const mint = mintCall(chain, account.address, 3n);
  await local.rpc("evm_setAutomine", [false]);
  try {
    const lane = await openLane({ chain, account, journalPath });
    const sent = lane.send("mint", mint);
    const abort = new AbortController();
    const aborted = lane.send("mint", mint, { signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(aborted, /enough/);
    while ((await chain.client.getTransactionCount({ address: account.address, blockTag: "pending" })) === 0);
    const closed = assert.rejects(sent, coded("lane-closed"));
    await lane[Symbol.asyncDispose]();
    await closed;
    await assert.rejects(lane.send("mint", mint), coded("lane-closed"));
  } finally {
    await local.rpc("evm_setAutomine", [true]);
  }
  await local.rpc("evm_mine");
  await using lane = await openLane({ chain, account, journalPath });
  await lane.send("mint", mint);
  assert.equal(await readTokenBalance(chain, account.address), 3n);
});

test("a stuck transaction is priced up and mined once", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  await local.rpc("evm_setAutomine", [false]);
  try {
    await using lane = await openLane({
      chain,
      account,
      journalPath: join(folder.path, "lane.db"),
      stuckMillis: 0,
      pollMillis: 50,
    });
    const sent = lane.send("mint", mintCall(chain, account.address, 9n));
    const pending = async () =>
      (await local.rpc("eth_getBlockByNumber", ["pending", true])) as {
        transactions: { from: string; hash: string; maxFeePerGas: string }[];
      };
    const ours = async () => (await pending()).transactions.find((row) => row.from === account.address.toLowerCase());
    let first = await ours();
    while (!first) first = await ours();
    // Blocks go by in which nobody can pay the base fee.
    const fee = BigInt(first.maxFeePerGas);
    await local.rpc("hardhat_setNextBlockBaseFeePerGas", [`0x${(fee * 10n).toString(16)}`]);
    await local.rpc("evm_mine");
    await local.rpc("hardhat_setNextBlockBaseFeePerGas", [`0x${(fee * 10n).toString(16)}`]);
    await local.rpc("evm_mine");
    let mined = false;
    sent.finally(() => {
      mined = true;
    });
    while (!mined) {
      await local.rpc("evm_mine");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { hash } = await sent;
    assert.notEqual(hash, first.hash);
    assert.equal(await readTokenBalance(chain, account.address), 9n);
    assert.equal(await nonceOf(account), 1);
  } finally {
    await local.rpc("evm_setAutomine", [true]);
  }
});

test("what a reorganisation undid is sent again", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  await using lane = await openLane({ chain, account, journalPath: join(folder.path, "lane.db") });
  const snapshot = await local.rpc("evm_snapshot");
  const mint = mintCall(chain, account.address, 2n);
  const first = await lane.send("mint", mint);
  await local.rpc("evm_revert", [snapshot]);
  assert.equal(await readTokenBalance(chain, account.address), 0n);
  assert.equal((await lane.send("mint", mint)).hash, first.hash);
  assert.equal(await readTokenBalance(chain, account.address), 2n);
});

test("a nonce that another program used is told, and the key is free again", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  await using lane = await openLane({
    chain,
    account,
    journalPath: join(folder.path, "lane.db"),
    pollMillis: 50,
    lagMillis: 200,
  });
  await local.rpc("evm_setAutomine", [false]);
  let sent: Promise<unknown>;
  try {
    const mint = mintCall(chain, account.address, 1n);
    sent = assert.rejects(lane.send("mint", mint), coded("nonce-taken"));
    while ((await chain.client.getTransactionCount({ address: account.address, blockTag: "pending" })) === 0);
    const fees = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 11n, gas: 21_000n, nonce: 0 };
    const raw = await account.signTransaction({
      type: "eip1559",
      chainId: chain.settings.chainId,
      to: account.address,
      ...fees,
    });
    await local.rpc("eth_sendRawTransaction", [raw]);
    await local.rpc("evm_mine");
  } finally {
    await local.rpc("evm_setAutomine", [true]);
  }
  await sent;
  await lane.send("mint", mintCall(chain, account.address, 1n));
  assert.equal(await readTokenBalance(chain, account.address), 1n);
});

test("keys have a bound", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  await using lane = await openLane({ chain, account, journalPath: join(folder.path, "lane.db") });
  await assert.rejects(lane.send("", mintCall(chain, account.address, 1n)), coded("lane-key-malformed"));
  await assert.rejects(lane.send("k".repeat(201), mintCall(chain, account.address, 1n)), coded("lane-key-malformed"));
});

test("a transaction that is reverted on chain tells the contract's reason, and the key is free again", async () => {
  await using folder = await scratchFolder();
  const [early, late] = [freshAccount(), freshAccount()];
  const node = privateKeyToAccount(generatePrivateKey());
  const register = async (owner: LocalAccount) => {
    const message = { node: node.address, owner: owner.address, validUntil: 10n ** 10n };
    return registerNodeCall(chain, await signMessage(node, chain.domain, "NodeRegistration", message));
  };
  const call = await register(late);
  await using lane = await openLane({ chain, account: late, journalPath: join(folder.path, "lane.db") });
  await local.rpc("evm_setAutomine", [false]);
  let refused: Promise<void>;
  try {
    refused = assert.rejects(lane.send("register", call), coded("node-already-registered", "rejected"));
    while ((await chain.client.getTransactionCount({ address: late.address, blockTag: "pending" })) === 0);
    // Another owner's registration of the same node pays more, and so comes first.
    const { to, data } = await register(early);
    const fees = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 11n, gas: 300_000n, nonce: 0 };
    const chainId = chain.settings.chainId;
    await local.rpc("eth_sendRawTransaction", [
      await early.signTransaction({ type: "eip1559", chainId, to, data, ...fees }),
    ]);
    await local.rpc("evm_mine");
  } finally {
    await local.rpc("evm_setAutomine", [true]);
  }
  await refused;
  assert.equal(await nonceOf(late), 1);
  await assert.rejects(lane.send("register", call), coded("node-already-registered"));
  assert.equal(await nonceOf(late), 1);
});

test("an endpoint that fails is told to who waits, and what was sent goes on", async () => {
  await using folder = await scratchFolder();
  const account = freshAccount();
  let [sends, outage] = [0, false];
  await using proxy = await startRpcProxy(local.rpcUrl, async (method, forward) => {
    if (method === "eth_sendRawTransaction" && sends++ === 0) outage = true;
    return outage ? 502 : forward();
  });
  const behind = await connectChain({ ...local.settings, rpcUrl: proxy.url });
  const journalPath = join(folder.path, "lane.db");
  await using lane = await openLane({ chain: behind, account, journalPath, pollMillis: 20 });
  const mint = mintCall(chain, account.address, 6n);
  await assert.rejects(lane.send("mint", mint), coded("chain-unreachable", "unreachable"));
  outage = false;
  await lane.send("mint", mint);
  assert.equal(await readTokenBalance(chain, account.address), 6n);
  assert.equal(await nonceOf(account), 1);
});
