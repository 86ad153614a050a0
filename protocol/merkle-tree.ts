// Decides the root of a list and the proof of a member, in the standard form of @openzeppelin/merkle-tree 1.0, so that
// MerkleProof.sol verifies it. It never decides what a leaf contains.
import { concat, type Hex, hexToBytes, keccak256 } from "viem";
import { ProtocolError } from "./protocol-error.ts";

/** A complete binary tree as an array: the root first, the leaves, sorted by hash, last in reverse. */
export interface MerkleTree {
  readonly root: Hex;
  readonly nodes: readonly Hex[];
}

/** Double hashing keeps a leaf apart from an inner node. */
export function leafHash(encodedLeaf: Hex): Hex {
  return keccak256(keccak256(encodedLeaf));
}

/** @throws `merkle-empty` for no leaves: an empty list has no root. */
export function merkleTree(leaves: readonly Hex[]): MerkleTree {
  if (leaves.length === 0) throw new ProtocolError("invalid", "merkle-empty", "A Merkle tree needs at least one leaf.");
  const sorted = leaves.toSorted();
  const nodes = new Array<Hex>(2 * leaves.length - 1);
  for (const [index, leaf] of sorted.entries()) nodes[nodes.length - 1 - index] = leaf;
  for (let index = nodes.length - 1 - leaves.length; index >= 0; index--) {
    nodes[index] = hashPair(nodeAt(nodes, 2 * index + 1), nodeAt(nodes, 2 * index + 2));
  }
  return { root: nodeAt(nodes, 0), nodes };
}

/** The sibling hashes from `leaf` up to the root. @throws `merkle-leaf-unknown` */
export function merkleProof(tree: MerkleTree, leaf: Hex): readonly Hex[] {
  let index = tree.nodes.lastIndexOf(leaf);
  if (index < (tree.nodes.length - 1) / 2) {
    throw new ProtocolError("not-found", "merkle-leaf-unknown", `${leaf} is not a leaf of tree ${tree.root}.`);
  }
  const proof: Hex[] = [];
  while (index > 0) {
    proof.push(nodeAt(tree.nodes, index % 2 === 1 ? index + 1 : index - 1));
    index = Math.floor((index - 1) / 2);
  }
  return proof;
}

export function verifyMerkleProof(root: Hex, leaf: Hex, proof: readonly Hex[]): boolean {
  return proof.reduce(hashPair, leaf) === root;
}

function hashPair(a: Hex, b: Hex): Hex {
  return keccak256(hexToBytes(a < b ? concat([a, b]) : concat([b, a])));
}

function nodeAt(nodes: readonly Hex[], index: number): Hex {
  const node = nodes[index];
  if (node === undefined) throw new ProtocolError("internal", "merkle-index", `No Merkle node at ${index}.`);
  return node;
}
