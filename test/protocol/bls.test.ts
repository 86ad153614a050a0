import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Hex, hexToBytes } from "viem";
import {
  aggregateBls,
  aggregateBlsKeys,
  BLS_TAGS,
  type BlsKey,
  type BlsSecret,
  type BlsSignature,
  blsKeyOf,
  blsSecretOf,
  deriveBlsSecret,
  hashToBlsPoint,
  isBlsSignature,
  signBls,
} from "#protocol/bls.ts";

/** The contract's tests read the same file; the first three hashes are those of RFC 9380, appendix J.10.1. */
interface Vectors {
  readonly hashes: readonly { readonly tag: string; readonly message: Hex; readonly point: Hex }[];
  readonly keys: readonly { readonly nodeKey: Hex; readonly secret: Hex; readonly key: BlsKey }[];
  readonly signatures: readonly Signed[];
  readonly aggregate: { readonly message: Hex; readonly key: BlsKey; readonly signature: BlsSignature };
  readonly rogue: Signed & { readonly honest: BlsKey };
  readonly malformedKeys: Readonly<Record<string, BlsKey>>;
  readonly malformedSignatures: Readonly<Record<string, BlsSignature>>;
}
interface Signed {
  readonly key: BlsKey;
  readonly message: Hex;
  readonly signature: BlsSignature;
  readonly proof: BlsSignature;
}

const path = new URL("../../protocol/vectors/bls.json", import.meta.url);
const vectors: Vectors = JSON.parse(readFileSync(path, "utf8"));
const [first] = vectors.signatures as [Signed, ...Signed[]];

test("messages hash to the points of the vectors", () => {
  assert.ok(vectors.hashes.length >= 5);
  for (const { tag, message, point } of vectors.hashes) assert.equal(hashToBlsPoint(message, tag), point, message);
});

test("the draft's key generation gives the key of EIP-2333's first case", () => {
  const seed = hexToBytes(
    "0xc55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04",
  );
  const expected = 6083874454709270928345386274498605044986640685124978867557563392430687146096n;
  assert.equal(deriveBlsSecret(seed, ""), expected);
  assert.notEqual(deriveBlsSecret(seed, "another purpose"), expected);
});

test("a node's key gives its BLS key, always the same", () => {
  for (const { nodeKey, secret, key } of vectors.keys) {
    assert.equal(blsSecretOf(nodeKey), BigInt(secret));
    assert.equal(blsKeyOf(BigInt(secret) as BlsSecret), key);
  }
});

test("signatures and proofs are those of the vectors, and neither passes for the other", () => {
  for (const [i, { key, message, signature, proof }] of vectors.signatures.entries()) {
    const secret = blsSecretOf(vectors.keys[i]?.nodeKey as Hex);
    assert.equal(signBls(secret, message), signature);
    assert.equal(signBls(secret, message, BLS_TAGS.proof), proof);
    assert.ok(isBlsSignature(key, message, signature));
    assert.ok(isBlsSignature(key, message, proof, BLS_TAGS.proof));
    assert.ok(!isBlsSignature(key, message, proof));
    assert.ok(!isBlsSignature(key, `${message}00`, signature));
  }
});

test("an aggregate holds for exactly the keys in it", () => {
  const { message, key, signature } = vectors.aggregate;
  const keys = vectors.signatures.map((signed) => signed.key);
  assert.equal(aggregateBls(vectors.signatures.map((signed) => signed.signature)), signature);
  assert.equal(aggregateBlsKeys(keys), key);
  assert.ok(isBlsSignature(key, message, signature));
  assert.ok(!isBlsSignature(aggregateBlsKeys(keys.slice(1)), message, signature));
  assert.ok(!isBlsSignature(aggregateBlsKeys([...keys, first.key]), message, signature));
});

test("a rogue key would sign for others, and has no proof of possession", () => {
  const { honest, key, message, signature, proof } = vectors.rogue;
  assert.ok(isBlsSignature(aggregateBlsKeys([honest, key]), message, signature));
  assert.ok(!isBlsSignature(key, message, proof, BLS_TAGS.proof));
});

test("what is no point of its group is refused", () => {
  for (const [why, key] of Object.entries(vectors.malformedKeys)) {
    assert.throws(() => isBlsSignature(key, first.message, first.signature), { code: "bls-point-malformed" }, why);
    assert.throws(() => aggregateBlsKeys([first.key, key]), { code: "bls-point-malformed" }, why);
  }
  for (const [why, signature] of Object.entries(vectors.malformedSignatures)) {
    assert.throws(() => isBlsSignature(first.key, first.message, signature), { code: "bls-point-malformed" }, why);
    assert.throws(() => aggregateBls([first.signature, signature]), { code: "bls-point-malformed" }, why);
  }
});
