import assert from "node:assert/strict";
import { test } from "node:test";
import { TypedDataEncoder } from "ethers";
import { getAddress, type Hex, keccak256, numberToHex, stringToHex } from "viem";
import { aggregateBlsKeys, BLS_TAGS, type BlsKey, blsKeyOf, blsSecretOf, isBlsSignature } from "#protocol/bls.ts";
import {
  COURT_TYPES,
  gatherVerdict,
  type JurorVote,
  jurorKeyDigest,
  proveJurorKey,
  verdictDigest,
  verdictSeats,
  voteOn,
} from "#protocol/verdict.ts";

const DOMAIN = { chainId: 31_337, court: getAddress(numberToHex(0xc0, { size: 20 })) } as const;
const ETHERS_DOMAIN = { name: "mimik court", version: "1", chainId: 31_337, verifyingContract: DOMAIN.court };
const NODE = getAddress(numberToHex(0xaa, { size: 20 }));
const [ORDER, RIGHT, WRONG] = ["order", "right", "wrong"].map((text) => keccak256(stringToHex(text))) as [
  Hex,
  Hex,
  Hex,
];
const secrets = Array.from({ length: 7 }, (_, seat) => blsSecretOf(keccak256(stringToHex(`juror ${seat}`))));
const votes = secrets.map((secret) => voteOn(secret, DOMAIN, ORDER, RIGHT));

function ethersDigest(name: keyof typeof COURT_TYPES, message: Record<string, string>): string {
  return TypedDataEncoder.hash(ETHERS_DOMAIN, { [name]: [...COURT_TYPES[name]] }, message);
}

test("viem and ethers hash what jurors sign alike", () => {
  const key = blsKeyOf(secrets[0] as (typeof secrets)[number]);
  assert.equal(verdictDigest(DOMAIN, ORDER, RIGHT), ethersDigest("Verdict", { order: ORDER, resultHash: RIGHT }));
  assert.equal(jurorKeyDigest(DOMAIN, NODE, key), ethersDigest("JurorKey", { node: NODE, key }));
});

test("a proof of possession is of one key for one node", () => {
  const [first, second] = secrets as [(typeof secrets)[number], (typeof secrets)[number]];
  const { node, key, proof } = proveJurorKey(first, DOMAIN, NODE);
  assert.ok(isBlsSignature(key, jurorKeyDigest(DOMAIN, node, key), proof, BLS_TAGS.proof));
  assert.ok(!isBlsSignature(key, jurorKeyDigest(DOMAIN, DOMAIN.court, key), proof, BLS_TAGS.proof));
  assert.ok(!isBlsSignature(key, jurorKeyDigest(DOMAIN, node, blsKeyOf(second)), proof, BLS_TAGS.proof));
});

test("a verdict needs more than two thirds of the seats", () => {
  assert.deepEqual([3, 4, 7, 31, 101].map(verdictSeats), [3, 3, 5, 21, 68]);
  const four = votes.map((vote, seat) => (seat < 4 ? vote : undefined));
  assert.throws(() => gatherVerdict(DOMAIN, ORDER, RIGHT, four), { code: "verdict-too-weak" });
  const five = votes.map((vote, seat) => (seat === 1 || seat === 5 ? undefined : vote));
  assert.equal(gatherVerdict(DOMAIN, ORDER, RIGHT, five).signers, 0b1011101n);
});

test("one bad vote spoils nothing: it is left out, and the sum holds for the others", () => {
  const [first, second] = votes as [JurorVote, JurorVote];
  const mixed = votes.with(0, voteOn(secrets[0] as (typeof secrets)[number], DOMAIN, ORDER, WRONG));
  const { signers, keys, signature } = gatherVerdict(
    DOMAIN,
    ORDER,
    RIGHT,
    mixed.with(1, { ...second, signature: `${first.signature}00` as typeof first.signature }),
  );
  assert.equal(signers, 0b1111100n);
  const each = (keys.slice(2).match(/.{256}/g) ?? []).map((key): BlsKey => `0x${key}` as BlsKey);
  assert.deepEqual(
    each,
    votes.slice(2).map(({ key }) => key),
  );
  assert.ok(isBlsSignature(aggregateBlsKeys(each), verdictDigest(DOMAIN, ORDER, RIGHT), signature));
});
