import assert from "node:assert/strict";
import { test } from "node:test";
import { network } from "hardhat";
import { type Hex, keccak256, pad } from "viem";
import { encodeHeader, type RpcHeader } from "#chain/block-header.ts";
import { coded } from "./coded.ts";

const zero = (bytes: number): Hex => pad("0x", { size: bytes });
const EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";

/** Ethereum's first block. */
const GENESIS: RpcHeader = {
  hash: "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
  parentHash: zero(32),
  sha3Uncles: "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
  miner: zero(20),
  stateRoot: "0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
  transactionsRoot: EMPTY_ROOT,
  receiptsRoot: EMPTY_ROOT,
  logsBloom: zero(256),
  difficulty: "0x400000000",
  number: "0x0",
  gasLimit: "0x1388",
  gasUsed: "0x0",
  timestamp: "0x0",
  extraData: "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
  mixHash: zero(32),
  nonce: "0x0000000000000042",
  totalDifficulty: "0x400000000",
  size: "0x21c",
  transactions: [],
  uncles: [],
};

test("the header of Ethereum's first block hashes to its hash", () => {
  assert.equal(keccak256(encodeHeader(GENESIS)), GENESIS.hash);
});

for (const hardfork of ["berlin", "london", "merge", "shanghai", "cancun", "prague", "osaka"]) {
  test(`headers of ${hardfork} hash to their blocks' hashes`, async () => {
    const chain = await network.create({ override: { hardfork } });
    const rpc = (method: string, params: unknown[] = []) => chain.provider.request({ method, params });
    try {
      const accounts = (await rpc("eth_accounts")) as string[];
      await rpc("eth_sendTransaction", [{ from: accounts[0], to: accounts[1], value: "0x1" }]);
      await rpc("hardhat_mine", ["0x80"]);
      for (const number of ["0x1", "0x2", "0x81"]) {
        const block = (await rpc("eth_getBlockByNumber", [number, false])) as RpcHeader;
        assert.equal(block.number, number);
        assert.equal(keccak256(encodeHeader(block)), block.hash);
      }
    } finally {
      await chain.close();
    }
  });
}

test("no header is handed on that does not hash to its block's hash", () => {
  for (const [name, value] of Object.entries(GENESIS)) {
    if (typeof value !== "string" || ["totalDifficulty", "size"].includes(name)) continue;
    const last = value.endsWith("5") ? "6" : "5";
    const changed = { ...GENESIS, [name]: `${value.slice(0, -1)}${last}` };
    assert.throws(() => encodeHeader(changed), coded("header-unencodable", "rejected"), name);
  }
  // A later fork's header has fields that nobody knows yet: what is left does not hash to it.
  const { mixHash: _, ...without } = GENESIS;
  assert.throws(() => encodeHeader(without as RpcHeader), coded("header-unencodable"));
});
