// Decides what jurors sign about an order, and how their signatures become one verdict. It never decides who sits in a
// jury, and it never runs an order.
import { type Address, type Hex, hashTypedData } from "viem";
import {
  aggregateBls,
  BLS_TAGS,
  type BlsKey,
  type BlsSecret,
  type BlsSignature,
  blsKeyOf,
  isBlsSignature,
  signBls,
} from "./bls.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { NodeId } from "./units.ts";

/** What jurors' signatures are bound to: one court on one chain. */
export interface CourtDomain {
  readonly chainId: number;
  readonly court: Address;
}

/** contracts/types/ has the Solidity twin of each. */
export const COURT_TYPES = {
  /** By a juror's BLS key: the order's jobs give this result. */
  Verdict: [
    { name: "order", type: "bytes32" },
    { name: "resultHash", type: "bytes32" },
  ],
  /** By the BLS key itself, with the tag of proofs of possession: it is this node's. */
  JurorKey: [
    { name: "node", type: "address" },
    { name: "key", type: "bytes" },
  ],
} as const;

/** One juror's word. */
export interface JurorVote {
  readonly key: BlsKey;
  readonly signature: BlsSignature;
}

/** What the court takes. */
export interface Verdict {
  readonly resultHash: Hex;
  /** Bit i says that the juror of seat i signed. */
  readonly signers: bigint;
  /** The signers' keys in seat order, 128 bytes each. */
  readonly keys: Hex;
  readonly signature: BlsSignature;
}

/** A node's BLS key as the court registers it. */
export interface JurorRegistration {
  readonly node: NodeId;
  readonly key: BlsKey;
  readonly proof: BlsSignature;
}

export function verdictDigest(domain: CourtDomain, order: Hex, resultHash: Hex): Hex {
  const message = { order, resultHash };
  return hashTypedData({ domain: courtDomain(domain), types: COURT_TYPES, primaryType: "Verdict", message });
}

export function jurorKeyDigest(domain: CourtDomain, node: NodeId, key: BlsKey): Hex {
  const message = { node, key };
  return hashTypedData({ domain: courtDomain(domain), types: COURT_TYPES, primaryType: "JurorKey", message });
}

export function proveJurorKey(secret: BlsSecret, domain: CourtDomain, node: NodeId): JurorRegistration {
  const key = blsKeyOf(secret);
  return { node, key, proof: signBls(secret, jurorKeyDigest(domain, node, key), BLS_TAGS.proof) };
}

export function voteOn(secret: BlsSecret, domain: CourtDomain, order: Hex, resultHash: Hex): JurorVote {
  return { key: blsKeyOf(secret), signature: signBls(secret, verdictDigest(domain, order, resultHash)) };
}

/** How many of a jury's seats must sign: more than two thirds. */
export function verdictSeats(seats: number): number {
  return Math.floor((2 * seats) / 3) + 1;
}

/**
 * The verdict of those votes that hold; `votes` has the vote of seat i at i, or nothing. Whether a key is its juror's
 * own is the court's to check.
 * @throws `verdict-too-weak`
 */
export function gatherVerdict(
  domain: CourtDomain,
  order: Hex,
  resultHash: Hex,
  votes: readonly (JurorVote | undefined)[],
): Verdict {
  const digest = verdictDigest(domain, order, resultHash);
  // One bad signature would spoil the sum of all.
  const good = votes.map((vote) => (vote !== undefined && isVote(vote, digest) ? vote : undefined));
  const signed = good.filter((vote) => vote !== undefined);
  const needed = verdictSeats(votes.length);
  if (signed.length < needed) {
    throw new ProtocolError(
      "rejected",
      "verdict-too-weak",
      `${signed.length} of ${votes.length} jurors sign this result, ${needed} are needed.`,
      { hint: "Gather more jurors' signatures.", context: { signed: signed.length, needed, seats: votes.length } },
    );
  }
  return {
    resultHash,
    signers: good.reduce((bits, vote, seat) => (vote ? bits | (1n << BigInt(seat)) : bits), 0n),
    keys: `0x${signed.map(({ key }) => key.slice(2)).join("")}`,
    signature: aggregateBls(signed.map(({ signature }) => signature)),
  };
}

/** A malformed vote is as good as none. */
function isVote({ key, signature }: JurorVote, digest: Hex): boolean {
  try {
    return isBlsSignature(key, digest, signature);
  } catch {
    return false;
  }
}

function courtDomain({ chainId, court }: CourtDomain) {
  return { name: "mimik court", version: "1", chainId, verifyingContract: court } as const;
}
