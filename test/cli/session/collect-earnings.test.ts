// How a collection is split, by a lane that mines at once; and that the contract's limit is the one that splits it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFunctionData, encodeAbiParameters, encodeEventTopics, type Hex, numberToHex } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { collectEarningsCall } from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import { connectChain } from "#chain/connect.ts";
import { CHAIN_LIMITS } from "#chain/limits.ts";
import { collectEarnings } from "#cli/session/collect-earnings.ts";
import type { WalletSession } from "#cli/session/open-session.ts";
import { coded } from "#test/chain/coded.ts";
import { startLocalChain } from "#test/chain/local-chain.ts";

const EXCHANGE = numberToHex(7, { size: 20 });
const OWNER = numberToHex(8, { size: 20 });
const nodesOf = (count: number) => Array.from({ length: count }, (_, index) => numberToHex(index + 1, { size: 20 }));

/** Every node has earned 100 base units, of which one is the fee. */
function collectedLog(node: Hex) {
  const topics = encodeEventTopics({ abi: exchangeAbi, eventName: "EarningsCollected", args: { node, owner: OWNER } });
  const data = encodeAbiParameters([{ type: "uint256" }, { type: "uint256" }], [99n, 1n]);
  return { address: EXCHANGE, topics, data };
}

function minesAtOnce(): { session: WalletSession; keys: string[]; parts: (readonly Hex[])[] } {
  const keys: string[] = [];
  const parts: (readonly Hex[])[] = [];
  const send = async (key: string, { data }: { readonly data: Hex }) => {
    const { args } = decodeFunctionData({ abi: exchangeAbi, data });
    const part = (args as readonly [readonly Hex[]])[0].map((node) => node.toLowerCase() as Hex);
    keys.push(key);
    parts.push(part);
    return { hash: numberToHex(parts.length, { size: 32 }), receipt: { logs: part.map(collectedLog) } };
  };
  return { session: { chain: { settings: { exchange: EXCHANGE } }, lane: { send } } as never, keys, parts };
}

test("more nodes than one call takes are collected in several, each of them once, and summed", async () => {
  for (const [count, sizes] of [
    [1, [1]],
    [512, [512]],
    [513, [512, 1]],
    [1_200, [512, 512, 176]],
  ] as const) {
    const { session, keys, parts } = minesAtOnce();
    const { transactions, received, fee } = await collectEarnings(session, nodesOf(count));
    assert.deepEqual(
      parts.map((part) => part.length),
      sizes,
    );
    assert.deepEqual(parts.flat(), nodesOf(count));
    assert.deepEqual([received, fee], [BigInt(count) * 99n, BigInt(count)]);
    assert.deepEqual([transactions.length, new Set(keys).size], [sizes.length, sizes.length]);
  }
});

test("the contract takes as many nodes as one call holds, and not one more", async () => {
  await using local = await startLocalChain();
  const { client } = await connectChain(local.settings);
  const most = CHAIN_LIMITS.collectNodes;
  await client.call(collectEarningsCall(local, nodesOf(most)));
  const tooMany = client.call(collectEarningsCall(local, nodesOf(most + 1)));
  await assert.rejects(
    asChainCall(local.rpcUrl, "collectEarnings", () => tooMany),
    coded("too-many-nodes"),
  );
});
