import assert from "node:assert/strict";
import { test } from "node:test";
import { type MarketPrice, priceLines } from "#cli/commands/quote/market-price.ts";

const nodes = (count: number) =>
  Array.from({ length: count }, () => ({ node: `0x${"11".repeat(20)}`, price: 7n }) as const);
const price = (count: number, change: Partial<MarketPrice> = {}): MarketPrice => {
  return { total: BigInt(count) * 7n, nodes: nodes(count), ...change };
};

test("without a wish for confidence there is one price", () => {
  assert.deepEqual(priceLines(price(3)), [["price", "0.000021 for 3 nodes"]]);
  assert.deepEqual(priceLines({ total: null, nodes: [], failure: "Nobody is there." }), [
    ["price", "unknown: Nobody is there."],
  ]);
});

test("a confidence is told with what it costs, and with its spot checks where one node is enough", () => {
  const confidence = { wanted: 0.99, reached: 0.991_44, replicas: 5, quorum: 3, checkedShare: 1 };
  assert.deepEqual(priceLines(price(5, { confidence: { ...confidence, checkedTotal: 35n, expectedTotal: 35n } })), [
    ["price", "0.000035 for 5 nodes"],
    ["confidence", "0.991440, 0.99 is wanted; 3 of 5 nodes must agree"],
  ]);
  const lone = { ...confidence, replicas: 1, quorum: 1, checkedShare: 1 / 40, checkedTotal: 1_000_000n };
  assert.deepEqual(priceLines(price(1, { confidence: { ...lone, expectedTotal: 25_007n } })).slice(1), [
    ["confidence", "0.991440, 0.99 is wanted; 1 trusted node answers alone"],
    ["spot checks", "1 job in 40 is run by a committee for 1; 0.025007 a job on average"],
  ]);
});
