import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { TypedDataEncoder, Wallet } from "ethers";
import { network } from "hardhat";
import { type Hex, hashStruct, keccak256, stringToHex, zeroAddress } from "viem";
import type { SignedMessages, SignedType } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash } from "#protocol/signing.ts";
import { ON_CHAIN_TYPES, TYPES, typedDataDomain } from "#protocol/typed-data.ts";
import * as wire from "#protocol/wire.ts";

interface Vector {
  readonly type: keyof typeof TYPES;
  readonly message: Record<string, unknown>;
  readonly encodedType: string;
  readonly structHash: Hex;
  readonly signingHash?: Hex;
}
interface Vectors {
  readonly domain: { readonly chainId: number; readonly exchange: Hex };
  readonly cases: readonly Vector[];
}

const path = new URL("../../protocol/vectors/typed-data.json", import.meta.url);
const { domain, cases }: Vectors = JSON.parse(readFileSync(path, "utf8"));
const schemas = {
  Offer: wire.offer,
  Bid: wire.bid,
  Lease: wire.leaseTerms,
  JobOrder: wire.jobOrder,
  Attestation: wire.attestation,
  Commitment: wire.commitment,
  Cancellation: wire.cancellation,
  OpenLease: wire.openLease,
  Voucher: wire.voucher,
  ClearingBatch: wire.clearingBatch,
  Claim: wire.claim,
} as const;

/** The type and those it is composed of, as ethers wants them. */
function typesOf(name: string): Record<string, { name: string; type: string }[]> {
  const fields = [...TYPES[name as keyof typeof TYPES]];
  const parts = fields.filter(({ type }) => type in TYPES).map(({ type }) => typesOf(type));
  return Object.assign({ [name]: fields }, ...parts);
}

test("every signed type has a golden vector", () => {
  const covered = new Set(cases.map(({ type }) => type));
  assert.deepEqual(
    Object.keys(TYPES).filter((type) => type !== "Rates" && !covered.has(type as keyof typeof TYPES)),
    [],
  );
});

for (const [index, vector] of cases.entries()) {
  test(`viem and ethers hash ${vector.type} as vector ${index} says`, () => {
    const types = typesOf(vector.type);
    assert.equal(TypedDataEncoder.from(types).encodeType(vector.type), vector.encodedType);
    const struct = hashStruct({ types: TYPES, primaryType: vector.type, data: vector.message } as never);
    assert.equal(struct, vector.structHash);
    assert.equal(TypedDataEncoder.from(types).hash(vector.message), vector.structHash);
    if (vector.signingHash === undefined) return;
    const message = vector.message as unknown as SignedMessages[SignedType];
    assert.equal(signingHash(domain, vector.type as SignedType, message), vector.signingHash);
    const ethersDomain = typedDataDomain(domain) as Parameters<typeof TypedDataEncoder.hash>[0];
    assert.equal(TypedDataEncoder.hash(ethersDomain, types, vector.message), vector.signingHash);
  });
}

for (const { type, message } of cases.filter(({ type }) => type in schemas)) {
  test(`the wire form of ${type} reads back as it was signed`, () => {
    const schema = schemas[type as keyof typeof schemas];
    const text = wire.toWire(message);
    assert.equal(wire.toWire(wire.parseWire<unknown>(schema, JSON.parse(text), type)), text);
  });
}

const connection = await network.create();
const [deployer] = await connection.viem.getWalletClients();
let exchange: Awaited<ReturnType<typeof deploy>>;
async function deploy() {
  const token = await connection.viem.deployContract("PaymentToken");
  // Nobody stakes or shares here, so no other contract need stand beside it.
  return connection.viem.deployContract("Exchange", [token.address, 60, 100, zeroAddress, zeroAddress]);
}
before(async () => {
  exchange = await deploy();
});

test("the contract names leases and orders as the protocol does", async () => {
  const here = { chainId: await (await connection.viem.getPublicClient()).getChainId(), exchange: exchange.address };
  for (const { type, message } of cases) {
    if (type === "Lease") {
      const terms = wire.parseWire(wire.leaseTerms, message, "lease");
      assert.equal(await exchange.read.leaseIdOf?.([terms as never]), leaseIdOf(terms));
    }
    if (type === "JobOrder") {
      const order = wire.parseWire(wire.jobOrder, message, "order");
      assert.equal(await exchange.read.orderIdOf?.([order as never]), signingHash(here, "JobOrder", order));
    }
  }
});

test("the contract's code holds the hash of every on-chain type as its vector has it", async () => {
  const code = await (await connection.viem.getPublicClient()).getCode({ address: exchange.address });
  for (const type of Object.keys(ON_CHAIN_TYPES)) {
    const encoded = cases.find((vector) => vector.type === type)?.encodedType;
    assert.ok(encoded, type);
    assert.ok(code?.includes(keccak256(stringToHex(encoded)).slice(2)), type);
  }
});

test("the contract accepts a registration that ethers signed", async () => {
  const chainId = await (await connection.viem.getPublicClient()).getChainId();
  const node = Wallet.createRandom();
  const owner = deployer?.account.address;
  assert.ok(owner);
  const message = { node: node.address, owner, validUntil: 2n ** 40n };
  const ethersDomain = typedDataDomain({ chainId, exchange: exchange.address }) as Parameters<
    typeof node.signTypedData
  >[0];
  const signature = await node.signTypedData(ethersDomain, typesOf("NodeRegistration"), message);
  await exchange.write.registerNode?.([node.address as Hex, message.validUntil, signature as Hex]);
  const record = (await exchange.read.nodeOf?.([node.address as Hex])) as { owner: string };
  assert.equal(record.owner.toLowerCase(), owner.toLowerCase());
});
