// Decides a node's BLS12-381 key, what it signs and how points are written for the contract: keys in G1, signatures in
// G2, the proof-of-possession scheme of the IETF's draft. It never decides what is signed.
import { bls12_381 } from "@noble/curves/bls12-381";
import { expand, extract } from "@noble/hashes/hkdf";
import { sha256 } from "@noble/hashes/sha2";
import { bytesToBigInt, type Hex, hexToBytes, numberToHex, stringToBytes } from "viem";
import { ProtocolError } from "./protocol-error.ts";

declare const brand: unique symbol;

/** A secret scalar, never 0. */
export type BlsSecret = bigint & { readonly [brand]: "BlsSecret" };
/** A point of G1: 128 bytes, `x` and `y` of 64 bytes each. */
export type BlsKey = Hex & { readonly [brand]: "BlsKey" };
/** A point of G2: 256 bytes, `x.c0`, `x.c1`, `y.c0` and `y.c1` of 64 bytes each. */
export type BlsSignature = Hex & { readonly [brand]: "BlsSignature" };

/** Keeps proofs of possession and all other signatures apart. */
export const BLS_TAGS = {
  signature: "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_",
  proof: "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_",
} as const;

/** Whatever else is derived from a node's key must have another label. */
const KEY_INFO = "mimik juror key";
const SCALAR_BYTES = 48;
const { G1, G2, fields, params } = bls12_381;

type Point1 = InstanceType<typeof G1.ProjectivePoint>;
type Point2 = InstanceType<typeof G2.ProjectivePoint>;

/** The secret that goes with a node's secp256k1 key of 32 bytes: nothing more needs to be kept. */
export function blsSecretOf(nodeKey: Hex): BlsSecret {
  return deriveBlsSecret(hexToBytes(nodeKey), KEY_INFO);
}

/**
 * `KeyGen` of the draft.
 * @param seed at least 32 secret bytes
 * @param info tells the keys of one seed apart
 */
export function deriveBlsSecret(seed: Uint8Array, info: string): BlsSecret {
  const keyInfo = Uint8Array.of(...stringToBytes(info), 0, SCALAR_BYTES);
  let salt = stringToBytes("BLS-SIG-KEYGEN-SALT-");
  for (;;) {
    salt = sha256(salt);
    const pseudorandom = extract(sha256, Uint8Array.of(...seed, 0), salt);
    const secret = bytesToBigInt(expand(sha256, pseudorandom, keyInfo, SCALAR_BYTES)) % params.r;
    if (secret !== 0n) return secret as BlsSecret;
  }
}

export function blsKeyOf(secret: BlsSecret): BlsKey {
  return encodeG1(G1.ProjectivePoint.BASE.multiply(secret));
}

/** Signs `message`; `tag` is one of `BLS_TAGS`. */
export function signBls(secret: BlsSecret, message: Hex, tag: string = BLS_TAGS.signature): BlsSignature {
  return encodeG2(hashToG2(message, tag).multiply(secret));
}

/** Whether `signature` over `message` is by `key`. @throws `bls-point-malformed` */
export function isBlsSignature(
  key: BlsKey,
  message: Hex,
  signature: BlsSignature,
  tag: string = BLS_TAGS.signature,
): boolean {
  return bls12_381.verify(decodeG2(signature), hashToG2(message, tag), decodeG1(key));
}

/** One signature in place of several over the same message. @throws `bls-point-malformed` */
export function aggregateBls(signatures: readonly BlsSignature[]): BlsSignature {
  return encodeG2(bls12_381.aggregateSignatures(signatures.map(decodeG2)));
}

/** The key under which an aggregate of these keys' signatures holds. @throws `bls-point-malformed` */
export function aggregateBlsKeys(keys: readonly BlsKey[]): BlsKey {
  return encodeG1(bls12_381.aggregatePublicKeys(keys.map(decodeG1)));
}

/** The hash of `message` as a point, `hash_to_curve` of RFC 9380. */
export function hashToBlsPoint(message: Hex, tag: string): BlsSignature {
  return encodeG2(hashToG2(message, tag));
}

function hashToG2(message: Hex, tag: string): Point2 {
  const point = G2.hashToCurve(hexToBytes(message), { DST: tag });
  return G2.ProjectivePoint.fromAffine(point.toAffine());
}

function encodeG1(point: Point1): BlsKey {
  const { x, y } = point.toAffine();
  return encode([x, y]) as BlsKey;
}

function encodeG2(point: Point2): BlsSignature {
  const { x, y } = point.toAffine();
  return encode([x.c0, x.c1, y.c0, y.c1]) as BlsSignature;
}

function encode(elements: readonly bigint[]): Hex {
  return `0x${elements.map((element) => numberToHex(element, { size: 64 }).slice(2)).join("")}`;
}

function decodeG1(key: BlsKey): Point1 {
  return requirePoint(key, () => {
    const [x, y] = decode(key, 2) as [bigint, bigint];
    return G1.ProjectivePoint.fromAffine({ x, y });
  });
}

function decodeG2(signature: BlsSignature): Point2 {
  return requirePoint(signature, () => {
    const [x0, x1, y0, y1] = decode(signature, 4) as [bigint, bigint, bigint, bigint];
    const pair = (c0: bigint, c1: bigint) => fields.Fp2.create({ c0, c1 });
    return G2.ProjectivePoint.fromAffine({ x: pair(x0, x1), y: pair(y0, y1) });
  });
}

function decode(point: Hex, elements: number): bigint[] {
  const bytes = hexToBytes(point);
  if (bytes.length !== elements * 64) throw new Error(`${bytes.length} bytes instead of ${elements * 64}`);
  return Array.from({ length: elements }, (_, i) => {
    const element = bytesToBigInt(bytes.subarray(i * 64, (i + 1) * 64));
    if (element >= fields.Fp.ORDER) throw new Error("a coordinate above the field's prime");
    return element;
  });
}

/** On the curve, in the subgroup and not at infinity, as the contract wants it. */
function requirePoint<Point extends { assertValidity(): void }>(encoded: Hex, read: () => Point): Point {
  try {
    if (/^0x0*$/.test(encoded)) throw new Error("the point at infinity");
    const point = read();
    point.assertValidity();
    return point;
  } catch (cause) {
    throw new ProtocolError("invalid", "bls-point-malformed", "A BLS key or signature is no point of its group.", {
      hint: "Encode its coordinates as 64 bytes each, as EIP-2537 has them.",
      context: { point: encoded.slice(0, 80) },
      cause,
    });
  }
}
