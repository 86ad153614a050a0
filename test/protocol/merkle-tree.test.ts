import assert from "node:assert/strict";
import { test } from "node:test";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import fc from "fast-check";
import { encodeAbiParameters, type Hex } from "viem";
import { leafHash, merkleProof, merkleTree, verifyMerkleProof } from "#protocol/merkle-tree.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";

const leafOf = (index: number, value: Hex) =>
  leafHash(encodeAbiParameters([{ type: "uint32" }, { type: "bytes32" }], [index, value]));
const bytes32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}` as Hex);
const values = fc.array(bytes32, { minLength: 1, maxLength: 40 });

test("root and proofs are those of @openzeppelin/merkle-tree", () => {
  fc.assert(
    fc.property(values, (list) => {
      const theirs = StandardMerkleTree.of(
        list.map((value, index) => [index, value]),
        ["uint32", "bytes32"],
      );
      const leaves = list.map((value, index) => leafOf(index, value));
      const ours = merkleTree(leaves);
      assert.equal(ours.root, theirs.root);
      for (const [index, leaf] of leaves.entries()) {
        const proof = merkleProof(ours, leaf);
        assert.deepEqual(proof, theirs.getProof(index));
        assert.ok(verifyMerkleProof(ours.root, leaf, proof));
      }
    }),
    { numRuns: 60 },
  );
});

test("a proof holds for its own leaf alone", () => {
  fc.assert(
    fc.property(values, bytes32, (list, stranger) => {
      const leaves = list.map((value, index) => leafOf(index, value));
      const tree = merkleTree(leaves);
      const foreign = leafOf(list.length, stranger);
      for (const leaf of leaves) assert.ok(!verifyMerkleProof(tree.root, foreign, merkleProof(tree, leaf)));
      assert.throws(
        () => merkleProof(tree, foreign),
        (error) => error instanceof ProtocolError && error.code === "merkle-leaf-unknown",
      );
    }),
    { numRuns: 60 },
  );
});

test("an empty list has no root", () => {
  assert.throws(
    () => merkleTree([]),
    (error) => error instanceof ProtocolError && error.code === "merkle-empty",
  );
});
