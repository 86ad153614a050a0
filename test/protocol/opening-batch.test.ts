// The packed calldata of a batch of openings, against itself and against the contract that reads it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { encodeFunctionData, type Hex } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { openingsOutcome } from "#chain/batch-outcome.ts";
import { asChainCall } from "#chain/chain-error.ts";
import { readTime } from "#chain/read-time.ts";
import { LIMITS } from "#protocol/limits.ts";
import { decodeOpenings, encodeOpenings } from "#protocol/opening-batch.ts";
import { compareNodes } from "#protocol/order.ts";
import type { ProtocolError } from "#protocol/protocol-error.ts";
import type { OpenLease, Signed } from "#protocol/signed-messages.ts";
import { compactSignature, leaseIdOf } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { type LeaseStage, openLeaseStage } from "../chain/lease-stage.ts";

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw): Hex => `0x${Buffer.from(raw).toString("hex")}`);
/** In its 64-byte form with a low `s`. */
const signature = fc
  .tuple(hex(32), hex(32))
  .map(([r, vs]): Hex => `${r}${(Number.parseInt(vs.slice(2, 3), 16) & 11).toString(16)}${vs.slice(3)}`);

const openingOf = (pool: readonly NodeId[]): fc.Arbitrary<Signed<OpenLease>> =>
  fc
    .record({
      nodes: fc.shuffledSubarray([...pool], { minLength: 1, maxLength: Math.min(16, pool.length) }),
      consumer: hex(20),
      sessionKey: hex(20),
      salt: hex(32),
      amount: fc.bigInt({ min: 0n, max: 2n ** 96n - 1n }),
      expiry: fc.nat({ max: 2 ** 40 - 1 }),
      validUntil: fc.nat({ max: 2 ** 40 - 1 }),
      signature,
    })
    .map(({ nodes, consumer, sessionKey, salt, signature, ...fields }) => {
      const lease = { consumer, sessionKey, salt, nodes: nodes.toSorted(compareNodes) };
      return { message: { lease, ...fields }, signature };
    });
const batches = fc
  .uniqueArray(hex(20), { minLength: 1, maxLength: 24 })
  .chain((pool) => fc.array(openingOf(pool), { minLength: 1, maxLength: 6 }));

test("what is packed reads back as it was", () => {
  fc.assert(
    fc.property(batches, (openings) => assert.deepEqual(decodeOpenings(encodeOpenings(openings)), openings)),
    { numRuns: 200 },
  );
});

test("no byte too few or too many is read", () => {
  fc.assert(
    fc.property(batches, fc.nat(), hex(3), (openings, cut, more) => {
      const batch = encodeOpenings(openings);
      const shorter = batch.slice(0, 2 + 2 * (cut % ((batch.length - 2) / 2))) as Hex;
      assert.throws(() => decodeOpenings(shorter), { code: "opening-batch-malformed" });
      assert.throws(() => decodeOpenings(`${batch}${more.slice(2)}`), { code: "opening-batch-malformed" });
    }),
    { numRuns: 100 },
  );
});

test("a batch has an opening, and no more than the limit", () => {
  const [opening] = fc.sample(openingOf([`0x${"11".repeat(20)}`]), { numRuns: 1, seed: 7 });
  assert.throws(() => encodeOpenings([]), { code: "opening-batch-empty" });
  assert.throws(() => encodeOpenings(Array(LIMITS.openingLeases + 1).fill(opening)), {
    code: "opening-batch-too-large",
  });
});

let stage: LeaseStage;
let openings: Signed<OpenLease>[];
let batch: Hex;

before(async () => {
  stage = await openLeaseStage();
  const expiry = (await readTime(stage.chain)) + 1_000;
  openings = await Promise.all([1, 2].map(() => stage.signOpening(stage.newTerms(), expiry)));
  batch = encodeOpenings(openings);
});
after(() => stage[Symbol.asyncDispose]());

/** The code of the refusal with which the contract meets these bytes; undefined when it takes them. */
async function refusalOf(bytes: Hex): Promise<string | undefined> {
  const { chain } = stage;
  const call = { address: chain.settings.exchange, abi: exchangeAbi, functionName: "openMany", args: [bytes] } as const;
  try {
    await asChainCall(chain.settings.rpcUrl, "openMany", () => chain.client.simulateContract(call));
    return undefined;
  } catch (error) {
    return (error as ProtocolError).code;
  }
}

function changedAt(offset: number, bytes: string): Hex {
  const at = 2 + offset * 2;
  return `${batch.slice(0, at)}${bytes}${batch.slice(at + bytes.length)}` as Hex;
}

test("the contract and the decoder refuse the same bytes", async () => {
  const bytes = (batch.length - 2) / 2;
  const firstSize = 4 + 3 * 20 + 158;
  const changed: Hex[] = [
    batch,
    ...[0, 3, 4, 63, 64, 222, 223, 228, 229, 300, bytes - 1].map((n) => batch.slice(0, 2 + 2 * n) as Hex),
    `${batch}00`,
    `${batch}${"00".repeat(165)}`,
    changedAt(0, "0002"),
    changedAt(0, "0004"),
    changedAt(2, "0001"),
    changedAt(2, "0003"),
    changedAt(firstSize, "02"),
    changedAt(firstSize, "04"),
    changedAt(firstSize, "ff"),
  ];
  let malformed = 0;
  for (const each of changed) {
    let own: string | undefined;
    try {
      decodeOpenings(each);
    } catch (error) {
      own = (error as ProtocolError).code;
    }
    const theirs = await refusalOf(each);
    if (theirs === "batch-malformed") malformed++;
    assert.equal(own === "opening-batch-malformed", theirs === "batch-malformed", `${each.length}: ${own}, ${theirs}`);
  }
  assert.ok(malformed >= 18, `only ${malformed} of ${changed.length} are malformed`);
});

test("the contract opens what was packed, and skips a seat that the table does not have", async () => {
  const data = encodeFunctionData({
    abi: exchangeAbi,
    functionName: "openMany",
    args: [changedAt(4 + 3 * 20 + 159, "0003")],
  });
  const { logs } = await stage.send({ to: stage.chain.settings.exchange, data, name: "openMany" });
  const outcome = openingsOutcome(stage.chain, logs);
  assert.deepEqual(outcome.opened, [leaseIdOf((openings[1] as Signed<OpenLease>).message.lease)]);
  assert.deepEqual(
    outcome.skipped.map(({ index, lease, refusal }) => [index, BigInt(lease), refusal.code]),
    [[0, 0n, "seat-unknown"]],
  );
  assert.throws(() => decodeOpenings(changedAt(4 + 3 * 20 + 159, "0003")), { code: "opening-batch-seat-unknown" });
  const compact = openings.map(({ signature }) => compactSignature(signature));
  assert.deepEqual(
    decodeOpenings(batch).map(({ signature }) => signature),
    compact,
  );
});
