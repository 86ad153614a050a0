// The packed calldata of a clearing, against itself and against the contract that reads it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Wallet } from "ethers";
import fc from "fast-check";
import type { Address, Hex, LocalAccount } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import * as calls from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { readTime } from "#chain/read-time.ts";
import {
  type Clearing,
  type ClearingEntry,
  clearingBatchOf,
  clearingNodes,
  decodeClearing,
  encodeClearing,
} from "#protocol/clearing-batch.ts";
import { LIMITS } from "#protocol/limits.ts";
import { compareNodes } from "#protocol/order.ts";
import type { ProtocolError } from "#protocol/protocol-error.ts";
import type { LeaseTerms } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, signMessage, toSignable } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { type LocalChain, startLocalChain } from "../chain/local-chain.ts";

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw): Hex => `0x${Buffer.from(raw).toString("hex")}`);
/** In its 64-byte form with a low `s`. */
const signature = fc
  .tuple(hex(32), hex(32))
  .map(([r, vs]): Hex => `${r}${(Number.parseInt(vs.slice(2, 3), 16) & 11).toString(16)}${vs.slice(3)}`);
const committees = fc.uniqueArray(hex(20), { minLength: 1, maxLength: 24 });

const entryOf = (pool: readonly NodeId[]): fc.Arbitrary<ClearingEntry> =>
  fc
    .record({
      nodes: fc.shuffledSubarray([...pool], { minLength: 1, maxLength: Math.min(16, pool.length) }),
      consumer: hex(20),
      sessionKey: hex(20),
      salt: hex(32),
      perNode: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      upTo: fc.nat({ max: 2 ** 32 - 1 }),
      forced: fc.nat({ max: 2 ** 16 - 1 }),
      last: fc.boolean(),
      signature,
    })
    .map(({ nodes, consumer, sessionKey, salt, signature, ...fields }) => {
      const terms = { consumer, sessionKey, salt, nodes: nodes.toSorted(compareNodes) };
      return { terms, voucher: { message: { lease: leaseIdOf(terms), ...fields }, signature } };
    });
const clearings: fc.Arbitrary<Clearing> = committees.chain((pool) =>
  fc.record({
    entries: fc.array(entryOf(pool), { minLength: 1, maxLength: 6 }),
    receiptsRoot: hex(32),
    validUntil: fc.nat({ max: 2 ** 40 - 1 }),
  }),
);

test("what is packed reads back as it was", () => {
  fc.assert(
    fc.property(clearings, signature, (clearing, one) => {
      const nodes = clearingNodes(clearing.entries);
      const unsigned: Hex = `0x${"00".repeat(64)}`;
      const expected = { ...clearing, nodes, signatures: nodes.map((_, i) => (i === 0 ? one : unsigned)) };
      assert.deepEqual(decodeClearing(encodeClearing(clearing, new Map([[nodes[0] as NodeId, one]]))), expected);
    }),
    { numRuns: 200 },
  );
});

test("no byte too few or too many is read", () => {
  fc.assert(
    fc.property(clearings, fc.nat(), hex(3), (clearing, cut, more) => {
      const batch = encodeClearing(clearing, new Map());
      const shorter = batch.slice(0, 2 + 2 * (cut % ((batch.length - 2) / 2))) as Hex;
      assert.throws(() => decodeClearing(shorter), { code: "clearing-malformed" });
      assert.throws(() => decodeClearing(`${batch}${more.slice(2)}`), { code: "clearing-malformed" });
    }),
    { numRuns: 100 },
  );
});

test("a clearing has a voucher, no more than the limit, each of its own lease", () => {
  const [entry] = fc.sample(entryOf([`0x${"11".repeat(20)}`]), { numRuns: 1, seed: 7 }) as [ClearingEntry];
  const of = (entries: readonly ClearingEntry[]) =>
    clearingBatchOf({ entries, receiptsRoot: `0x${"00".repeat(32)}`, validUntil: 1 });
  assert.throws(() => of([]), { code: "clearing-empty" });
  assert.throws(() => of(Array(LIMITS.clearingLeases + 1).fill(entry)), { code: "clearing-too-large" });
  const other = { ...entry, terms: { ...entry.terms, consumer: `0x${"22".repeat(20)}` as Address } };
  assert.throws(() => of([other]), { code: "lease-differs" });
  assert.notEqual(of([entry]).entries, of([entry, entry]).entries);
});

let local: LocalChain;
let chain: Chain;
/** Ascending, each of its own owner. */
const nodes = Array.from({ length: 4 }, () => Wallet.createRandom()).sort((a, b) =>
  compareNodes(a.address as Hex, b.address as Hex),
);
const session = Wallet.createRandom();
let consumer: LocalAccount;
let entries: ClearingEntry[];
let batch: Hex;
let batchId: Hex;

before(async () => {
  local = await startLocalChain();
  chain = await connectChain(local.settings);
  consumer = local.accounts[0] as LocalAccount;
  const validUntil = (await readTime(chain)) + 1_000;
  for (const [i, node] of nodes.entries()) {
    const owner = local.accounts[1 + i] as LocalAccount;
    const message = { node: node.address as Hex, owner: owner.address, validUntil: BigInt(validUntil) };
    const signed = await signMessage(
      privateKeyToAccount(node.privateKey as Hex),
      chain.domain,
      "NodeRegistration",
      message,
    );
    await local.send(owner, calls.registerNodeCall(chain, signed));
  }
  await local.fund(consumer, 10_000n);
  entries = [];
  for (const [salt, seats] of [
    [1, [0, 1, 3]],
    [2, [1, 2, 3]],
  ] as const) {
    const terms: LeaseTerms = {
      consumer: consumer.address,
      sessionKey: session.address as Hex,
      salt: `0x${String(salt).repeat(64)}`,
      nodes: seats.map((seat) => nodes[seat]?.address as NodeId),
    };
    await local.send(consumer, calls.openLeaseCall(chain, terms, 1_000n, validUntil));
    const message = { lease: leaseIdOf(terms), perNode: 10n * BigInt(salt), upTo: 1, forced: 0, last: salt === 2 };
    entries.push({ terms, voucher: { message, signature: await byEthers(session, "Voucher", message) } });
  }
  const clearing = { entries, receiptsRoot: `0x${"77".repeat(32)}` as Hex, validUntil };
  const message = clearingBatchOf(clearing);
  const signatures = new Map<NodeId, Hex>();
  for (const node of nodes) signatures.set(node.address as Hex, await byEthers(node, "ClearingBatch", message));
  batch = encodeClearing(clearing, signatures);
  batchId = signingHash(chain.domain, "ClearingBatch", message);
});
after(() => local[Symbol.asyncDispose]());

async function byEthers(
  signer: { signTypedData: Wallet["signTypedData"] },
  type: "Voucher" | "ClearingBatch",
  message: object,
): Promise<Hex> {
  const { domain, types } = toSignable(chain.domain, type, message as never);
  const own = { [type]: [...(types[type] ?? [])] };
  return (await signer.signTypedData(domain as never, own, message)) as Hex;
}

/** The code of the refusal with which the contract meets these bytes; undefined when it takes them. */
async function refusalOf(bytes: Hex): Promise<string | undefined> {
  const call = { address: chain.settings.exchange, abi: exchangeAbi, functionName: "clear", args: [bytes] } as const;
  try {
    await asChainCall(chain.settings.rpcUrl, "clear", () =>
      chain.client.simulateContract({ ...call, account: consumer }),
    );
    return undefined;
  } catch (error) {
    return (error as ProtocolError).code;
  }
}

test("the contract and the decoder refuse the same bytes", async () => {
  const bytes = batch.slice(2);
  const at = (offset: number, byte: string) =>
    `0x${bytes.slice(0, offset * 2)}${byte}${bytes.slice(offset * 2 + 2)}` as Hex;
  const firstSize = 41 + 4 * 20 + 151;
  const changed: Hex[] = [
    batch,
    ...[0, 40, 41, 100, 121, 272, 273, 278, 400, 600, bytes.length / 2 - 1].map(
      (n) => `0x${bytes.slice(0, n * 2)}` as Hex,
    ),
    `${batch}00`,
    `${batch}${"00".repeat(64)}`,
    at(38, "03"),
    at(38, "05"),
    at(37, "ff"),
    at(40, "01"),
    at(40, "03"),
    at(firstSize, "02"),
    at(firstSize, "04"),
    at(firstSize, "ff"),
  ];
  let malformed = 0;
  for (const each of changed) {
    let own: string | undefined;
    try {
      decodeClearing(each);
    } catch (error) {
      own = (error as ProtocolError).code;
    }
    const theirs = await refusalOf(each);
    if (theirs === "batch-malformed") malformed++;
    assert.equal(own === "clearing-malformed", theirs === "batch-malformed", `${each.length}: ${own}, ${theirs}`);
  }
  assert.ok(malformed >= 15, `only ${malformed} of ${changed.length} are malformed`);
});

test("the contract clears what ethers signed and the protocol packed", async () => {
  const hash = await local.send(consumer, calls.clearCall(chain, batch));
  const logs = await chain.client.getContractEvents({
    address: chain.settings.exchange,
    abi: exchangeAbi,
    fromBlock: 0n,
  });
  const own = logs.filter(({ transactionHash }) => transactionHash === hash);
  assert.deepEqual(
    own.map(({ eventName }) => eventName),
    [
      "LeaseCleared",
      "LeaseCleared",
      "LeaseClosed",
      "NodeCleared",
      "NodeCleared",
      "NodeCleared",
      "NodeCleared",
      "BatchCleared",
    ],
  );
  const cleared = own.find(({ eventName }) => eventName === "BatchCleared");
  assert.deepEqual(cleared?.args, { batchId, receiptsRoot: `0x${"77".repeat(32)}` });
  const paid = own
    .filter(({ eventName }) => eventName === "NodeCleared")
    .map(({ args }) => (args as { amount: bigint }).amount);
  assert.deepEqual(paid, [10n, 30n, 20n, 30n]);
});
