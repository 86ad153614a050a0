// npm run golden:bls: writes protocol/vectors/bls.json, which the tests of the contract and of the programs read. The
// first three hashes are those of RFC 9380, appendix J.10.1, and never change.
import { writeFileSync } from "node:fs";
import { bls12_381 } from "@noble/curves/bls12-381";
import { type Hex, keccak256, numberToHex, stringToHex } from "viem";
import {
  aggregateBls,
  aggregateBlsKeys,
  BLS_TAGS,
  type BlsSecret,
  blsKeyOf,
  blsSecretOf,
  hashToBlsPoint,
  signBls,
} from "#protocol/bls.ts";

const { G1, G2, fields } = bls12_381;
const { Fp, Fp2 } = fields;
const RFC_TAG = "QUUX-V01-CS02-with-BLS12381G2_XMD:SHA-256_SSWU_RO_";
const SIGNERS = 4;

const message = keccak256(stringToHex("verdict"));
const nodeKeys = Array.from({ length: SIGNERS }, (_, i) => keccak256(stringToHex(`node key ${i}`)));
const secrets = nodeKeys.map(blsSecretOf);
const keys = secrets.map(blsKeyOf);
const signatures = secrets.map((secret) => signBls(secret, message));
const [honest, attacker] = secrets as [BlsSecret, BlsSecret];
const [key, signature] = [blsKeyOf(honest), signBls(honest, message)];

function hashVector(text: string, tag: string) {
  return { tag, message: stringToHex(text), point: hashToBlsPoint(stringToHex(text), tag) };
}

function encode(...elements: readonly bigint[]): Hex {
  return `0x${elements.map((element) => numberToHex(element, { size: 64 }).slice(2)).join("")}`;
}

function decode(point: Hex): bigint[] {
  return (point.slice(2).match(/.{128}/g) ?? []).map((element) => BigInt(`0x${element}`));
}

/** The attacker's key minus the honest one: their sum is a key whose secret the attacker knows. */
function rogueVector() {
  const rogue = G1.ProjectivePoint.BASE.multiply(attacker).subtract(G1.ProjectivePoint.BASE.multiply(honest));
  const { x, y } = rogue.toAffine();
  const proof = signBls(attacker, message, BLS_TAGS.proof);
  return { honest: key, key: encode(x, y), message, signature: signBls(attacker, message), proof };
}

/** The first point, by `x`, that is on the curve of G1 and outside the subgroup. */
function outsideG1(): Hex {
  for (let x = 1n; ; x++) {
    const square = Fp.create(x ** 3n + 4n);
    if (!Fp.eql(Fp.pow(square, (Fp.ORDER - 1n) / 2n), Fp.ONE)) continue;
    const y = Fp.sqrt(square);
    if (!G1.ProjectivePoint.fromAffine({ x, y }).isTorsionFree()) return encode(x, y);
  }
}

function outsideG2(): Hex {
  for (let c0 = 1n; ; c0++) {
    const x = Fp2.create({ c0, c1: 0n });
    const square = Fp2.add(Fp2.pow(x, 3n), Fp2.create({ c0: 4n, c1: 4n }));
    if (!Fp2.eql(Fp2.pow(square, (Fp2.ORDER - 1n) / 2n), Fp2.ONE)) continue;
    const y = Fp2.sqrt(square);
    if (!G2.ProjectivePoint.fromAffine({ x, y }).isTorsionFree()) return encode(x.c0, x.c1, y.c0, y.c1);
  }
}

function malformed(point: Hex, outsideSubgroup: Hex) {
  const elements = decode(point);
  const last = elements.length - 1;
  return {
    infinity: encode(...elements.map(() => 0n)),
    offCurve: encode(...elements.with(last, Fp.create((elements[last] ?? 0n) + 1n))),
    outsideSubgroup,
    abovePrime: encode(...elements.with(0, (elements[0] ?? 0n) + Fp.ORDER)),
    short: point.slice(0, -2),
    long: `${point}00`,
  };
}

const vectors = {
  hashes: [
    ...["", "abc", "abcdef0123456789"].map((text) => hashVector(text, RFC_TAG)),
    hashVector("a".repeat(600), BLS_TAGS.signature),
    hashVector("abc", BLS_TAGS.proof),
  ],
  keys: nodeKeys.map((nodeKey, i) => ({
    nodeKey,
    secret: numberToHex(secrets[i] ?? 0n, { size: 32 }),
    key: keys[i],
  })),
  signatures: secrets.map((secret, i) => ({
    key: keys[i],
    message,
    signature: signatures[i],
    proof: signBls(secret, message, BLS_TAGS.proof),
  })),
  aggregate: { message, key: aggregateBlsKeys(keys), signature: aggregateBls(signatures) },
  rogue: rogueVector(),
  malformedKeys: malformed(key, outsideG1()),
  malformedSignatures: malformed(signature, outsideG2()),
};
const path = new URL("../protocol/vectors/bls.json", import.meta.url);
writeFileSync(path, `${JSON.stringify(vectors, undefined, 2)}\n`);
console.log(`Written: ${path}`);
