import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Hex, type LocalAccount, numberToHex } from "viem";
import { drawsAbi } from "#chain/abi/draws-abi.ts";
import { readHeader } from "#chain/block-header.ts";
import * as calls from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import type { Chain } from "#chain/connect.ts";
import { DRAW_PRICE } from "#chain/deployment-plan.ts";
import { proveCommitteeCall, recordBeaconCall, requestDrawCall } from "#chain/draw-calls.ts";
import { readTokenBalance } from "#chain/read-account.ts";
import { isLeaseDrawn, readDraw, readDrawnCommittee, readDrawPrice } from "#chain/read-draw.ts";
import { readTime } from "#chain/read-time.ts";
import { type CommitteeTerms, committeeSubject } from "#protocol/committee-subject.ts";
import { leaseIdOf } from "#protocol/signing.ts";
import { coded } from "./coded.ts";
import { LEASE_FUNDS, LEASE_SECONDS, type LeaseStage, openLeaseStage } from "./lease-stage.ts";

/** Of a local chain. */
const DELAY = 4;
const TICKET = 100_000_000n;
let stage: LeaseStage;
let chain: Chain;
let salts = 0;

before(async () => {
  stage = await openLeaseStage(6);
  chain = stage.chain;
  for (const [i, node] of stage.nodes.entries()) {
    const owner = stage.local.accounts[1 + i] as LocalAccount;
    await stage.local.stake(owner, node.address, BigInt(1 + i) * TICKET);
  }
  const { consumer, local } = stage;
  await local.send(consumer, calls.mintCall(chain, consumer.address, 20n * DRAW_PRICE));
  await local.send(consumer, calls.approveDrawsCall(chain));
});
after(() => stage[Symbol.asyncDispose]());

function newCommittee(size: number): CommitteeTerms {
  const [consumer, sessionKey] = [stage.consumer.address, stage.session.address];
  return { consumer, sessionKey, salt: numberToHex(0xd0 + ++salts, { size: 32 }), size };
}

/** Requested, its beacon past and recorded. */
async function drawn(committee: CommitteeTerms, by = chain): Promise<void> {
  await stage.send(requestDrawCall(by, committeeSubject(committee)));
  const draw = await readDraw(by, committeeSubject(committee));
  await stage.local.mine(DELAY);
  const header = await readHeader(by, draw?.beaconBlock ?? 0);
  await stage.send(recordBeaconCall(by, header as Hex));
}

test("a committee is requested, its beacon recorded from a real header, and its lease opened and proved", async () => {
  const committee = newCommittee(3);
  const subject = committeeSubject(committee);
  assert.equal(await readDraw(chain, subject), undefined);
  await assert.rejects(readDrawnCommittee(chain, committee), coded("draw-unknown"));

  const held = await readTokenBalance(chain, stage.consumer.address);
  const { blockNumber, gasUsed: requestGas } = await stage.send(requestDrawCall(chain, subject));
  assert.equal(await readDrawPrice(chain), DRAW_PRICE);
  assert.equal(await readTokenBalance(chain, stage.consumer.address), held - DRAW_PRICE);
  const requestedAt = Number(blockNumber);
  const beaconBlock = requestedAt + DELAY;
  assert.deepEqual(await readDraw(chain, subject), { requestedAt, beaconBlock, randomness: undefined });
  await assert.rejects(readDrawnCommittee(chain, committee), coded("beacon-not-recorded"));
  assert.equal(await readHeader(chain, beaconBlock), undefined);

  await stage.local.mine(DELAY);
  const header = await readHeader(chain, beaconBlock);
  assert.ok(header);
  const { gasUsed: recordGas } = await stage.send(recordBeaconCall(chain, header));
  const mixHash = (await chain.client.getBlock({ blockNumber: BigInt(beaconBlock) })).mixHash;
  const target = { address: chain.contracts.draws, abi: drawsAbi } as const;
  const beacon = { ...target, functionName: "beaconOf", args: [BigInt(beaconBlock)] } as const;
  assert.equal(await chain.client.readContract(beacon), mixHash);
  assert.notEqual((await readDraw(chain, subject))?.randomness, undefined);

  const nodes = await readDrawnCommittee(chain, committee);
  assert.equal(nodes.length, 3);
  const known = new Set(stage.nodes.map(({ address }) => address.toLowerCase()));
  assert.ok(nodes.every((node, i) => known.has(node) && (i === 0 || (nodes[i - 1] ?? "") < node)));
  const terms = { ...committee, nodes };
  const leaseId = leaseIdOf(terms);
  const expiry = (await readTime(chain)) + LEASE_SECONDS;
  await stage.send(calls.openLeaseCall(chain, terms, LEASE_FUNDS, expiry));
  assert.equal(await isLeaseDrawn(chain, leaseId), false);
  const { gasUsed: proveGas } = await stage.send(proveCommitteeCall(chain, terms));
  assert.equal(await isLeaseDrawn(chain, leaseId), true);
  // Whoever sends it again, because it was overtaken or has crashed, changes nothing.
  assert.equal((await stage.send(proveCommitteeCall(chain, terms))).logs.length, 0);
  assert.equal((await stage.send(recordBeaconCall(chain, header))).logs.length, 0);
  assert.equal((await stage.send(requestDrawCall(chain, subject))).logs.length, 0);
  assert.equal(await readTokenBalance(chain, stage.consumer.address), held - DRAW_PRICE);

  const gas = { request: Number(requestGas), record: Number(recordGas) };
  assert.deepEqual(
    Object.entries(gas).filter(([call, used]) => Math.abs(used - (GAS[call] ?? 0)) > 0.15 * (GAS[call] ?? 0)),
    [],
  );
  // Chance decides how often a seat falls on an owner that has one, which is then drawn again.
  assert.ok(proveGas > 80_000n && proveGas < 400_000n, `${proveGas}`);
});

/** What each call costs its sender. The header's length differs from run to run. */
const GAS: Readonly<Record<string, number>> = { request: 64_000, record: 99_000 };

test("the protocol names a committee's draw as the contract does", async () => {
  const committee = newCommittee(7);
  const { consumer, sessionKey, salt, size } = committee;
  const args = [consumer, sessionKey, salt, BigInt(size)] as const;
  const target = { address: chain.contracts.draws, abi: drawsAbi, functionName: "committeeSubject", args } as const;
  assert.equal(await chain.client.readContract(target), committeeSubject(committee));
});

test("another committee than the drawn one is refused", async () => {
  const committee = newCommittee(2);
  await drawn(committee);
  const right = await readDrawnCommittee(chain, committee);
  const others = stage.nodes.map(({ address }) => address).filter((node) => !right.includes(node.toLowerCase() as Hex));
  const nodes = others.slice(0, 2);
  await assert.rejects(stage.send(proveCommitteeCall(chain, { ...committee, nodes })), coded("committee-not-drawn"));
});

test("more seats than owners are refused", async () => {
  const committee = newCommittee(7);
  await drawn(committee);
  await assert.rejects(readDrawnCommittee(chain, committee), coded("too-few-owners"));
});

test("whoever cannot pay for a draw is told so, and none is asked for", async () => {
  const poor = stage.local.accounts[9] as LocalAccount;
  const committee = { ...newCommittee(3), consumer: poor.address };
  const asking = stage.local.send(poor, requestDrawCall(chain, committeeSubject(committee)));
  await assert.rejects(
    asChainCall(stage.local.rpcUrl, "request", () => asking),
    coded("erc20-insufficient-allowance", "funds"),
  );
  assert.equal(await readDraw(chain, committeeSubject(committee)), undefined);
});

test("a header that is not of this chain is refused, and so is one that is too old", async () => {
  const header = (await readHeader(chain, 3)) as Hex;
  const changed = `${header.slice(0, -1)}${header.endsWith("5") ? "6" : "5"}` as Hex;
  await assert.rejects(stage.send(recordBeaconCall(chain, changed)), coded("header-mismatch"));
  const committee = newCommittee(2);
  await stage.send(requestDrawCall(chain, committeeSubject(committee)));
  const missed = (await readDraw(chain, committeeSubject(committee)))?.beaconBlock ?? 0;
  await stage.local.mine(DELAY + 256);
  const old = (await readHeader(chain, missed)) as Hex;
  await assert.rejects(stage.send(recordBeaconCall(chain, old)), coded("header-not-provable"));
  // Only now may the committee be asked for again.
  const { blockNumber } = await stage.send(requestDrawCall(chain, committeeSubject(committee)));
  const again = await readDraw(chain, committeeSubject(committee));
  assert.equal(again?.beaconBlock, Number(blockNumber) + DELAY);
});
