import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Hex } from "viem";
import { type AgreedOrder, claimWorkOf, receiptsLeaf } from "#protocol/claim-work.ts";
import { merkleProof, merkleTree, verifyMerkleProof } from "#protocol/merkle-tree.ts";
import type { NodeId } from "#protocol/units.ts";

const hash = (byte: number): Hex => `0x${byte.toString(16).padStart(2, "0").repeat(32)}`;
const node = (byte: number): NodeId => `0x${byte.toString(16).padStart(2, "0").repeat(20)}`;

const bySize = (a: bigint, b: bigint) => Number(a - b);

function agreed(nonce: number, prices: readonly bigint[], maxPrice = 100n): AgreedOrder {
  const order = { lease: hash(1), nonce, jobs: hash(2), maxPrice, forceFee: 0n, quorumBps: 6_000, deadline: 9 };
  const said = prices.map((price, index) => ({ node: node(index + 1), resultHash: hash(7), price }));
  return { id: hash(nonce + 10), order, said };
}

test("a claim pays each order's lower median within its cap, by nonce, and its root has every receipt", () => {
  const orders = [agreed(2, [70n, 30n, 50n]), agreed(1, [400n, 200n, 300n])];
  const work = claimWorkOf(orders, 3);
  assert.equal(work.perNode, 150n);
  assert.deepEqual(
    work.orders.map(({ nonce }) => nonce),
    [1, 2],
  );
  const leaves = orders.map(({ id }) => receiptsLeaf(id, hash(7)));
  const tree = merkleTree(leaves);
  assert.equal(work.receiptsRoot, tree.root);
  for (const leaf of leaves) assert.ok(verifyMerkleProof(work.receiptsRoot, leaf, merkleProof(tree, leaf)));
});

test("a claim wants every node's attestation, once, and all of them alike", () => {
  assert.throws(() => claimWorkOf([], 3), { code: "claim-empty" });
  assert.throws(() => claimWorkOf([agreed(1, [1n, 2n, 3n]), agreed(2, [1n, 2n])], 3), { code: "attestations-missing" });
  const twice = agreed(1, [1n, 2n]);
  assert.throws(() => claimWorkOf([{ ...twice, said: [...twice.said, ...twice.said.slice(1)] }], 3), {
    code: "attestations-missing",
  });
  const other = { node: node(3), resultHash: hash(8), price: 1n };
  assert.throws(() => claimWorkOf([{ ...twice, said: [...twice.said, other] }], 3), { code: "claim-disagreed" });
});

test("in whatever order a node holds them, every node comes to the same claim, and no price moves it past the middle", () => {
  const prices = fc.array(fc.bigInt({ min: 0n, max: 1_000n }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(prices, { minLength: 1, maxLength: 8 }), fc.bigInt({ min: 0n, max: 1_000n }), (all, cap) => {
      const orders = all.map((each, index) => agreed(index + 1, each, cap));
      const work = claimWorkOf(orders, 3);
      const turned = orders.map((each) => ({ ...each, said: each.said.toReversed() })).toReversed();
      assert.deepEqual(claimWorkOf(turned, 3), work);
      const raised = orders.map((each) => ({
        ...each,
        said: each.said.map((said, index) => (index === 0 ? { ...said, price: 10n ** 9n } : said)),
      }));
      const most = all.reduce((sum, each) => sum + (each.slice(1).toSorted(bySize).at(-1) as bigint), 0n);
      const { perNode } = claimWorkOf(raised, 3);
      assert.ok(perNode <= most && perNode <= cap * BigInt(all.length));
    }),
  );
});
