import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Hex, type LocalAccount, type Log, parseEventLogs, zeroHash } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import * as calls from "#chain/calls.ts";
import { readPublication, withPublication } from "#chain/publication.ts";
import { readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { readTime } from "#chain/read-time.ts";
import { claimOf } from "#protocol/claim.ts";
import { digestOf } from "#protocol/digest.ts";
import type { PublishedRow } from "#protocol/publication.ts";
import { leaseIdOf, signMessage } from "#protocol/signing.ts";
import { LEASE_FUNDS, LEASE_SECONDS, type LeaseStage, openLeaseStage, RECEIPTS } from "./lease-stage.ts";

let stage: LeaseStage;
before(async () => {
  stage = await openLeaseStage();
});
after(() => stage[Symbol.asyncDispose]());

const LIE: Hex = `0x${"22".repeat(32)}`;
const response = new TextEncoder().encode("an answer");
const usage = { fuel: 9n, memoryPages: 1, bytesIn: 3, bytesOut: response.length, events: 0 };
const ROWS: readonly PublishedRow[] = [
  {
    kind: "result",
    result: {
      receipts: [{ request: digestOf(new Uint8Array()), outcome: "ok", response: digestOf(response), usage }],
      responses: [response],
    },
  },
  { kind: "left-out", resultHash: zeroHash },
];

/** Each call that forces payment, of orders of a new lease whose deadline has passed. */
async function forcingCalls(): Promise<{ lease: Hex; forced: calls.ContractCall[] }> {
  const terms = stage.newTerms();
  const expiry = (await readTime(stage.chain)) + LEASE_SECONDS;
  await stage.send(calls.openLeaseCall(stage.chain, terms, LEASE_FUNDS, expiry));
  const orders = await Promise.all([1, 2, 3, 4].map((nonce) => stage.signOrder(terms, { nonce })));
  const [first, second, ...claimed] = orders as [(typeof orders)[0], (typeof orders)[0]];
  const agreed = await stage.attest(first.message, [zeroHash, zeroHash, zeroHash]);
  const disputed = await stage.attest(second.message, [zeroHash, zeroHash, LIE]);
  const work = { orders: claimed.map(({ message }) => message), receiptsRoot: RECEIPTS, perNode: 90n };
  const claim = claimOf(stage.chain.domain, work);
  const signing = stage.nodes.map((node) => signMessage(node, stage.chain.domain, "Claim", claim));
  const signatures = (await Promise.all(signing)).map(({ signature }) => signature);
  await stage.local.advance(12);
  return {
    lease: leaseIdOf(terms),
    forced: [
      calls.settleCall(stage.chain, terms, first, agreed),
      calls.adjudicateCall(stage.chain, terms, second, disputed),
      calls.claimCall(stage.chain, terms, { orders: claimed, claim }, signatures),
    ],
  };
}

/** What a call told and what it left behind. */
async function effectOf(call: calls.ContractCall, lease: Hex) {
  const { logs, transactionHash, gasUsed } = await stage.send(call);
  const told = parseEventLogs({ abi: exchangeAbi, logs: logs as Log[] }).map(({ eventName, args }) => [
    eventName,
    args,
  ]);
  const nodes = await Promise.all(stage.nodes.map(({ address }) => readNode(stage.chain, address)));
  return { effect: { told, nodes, lease: await readLease(stage.chain, lease) }, transactionHash, gasUsed };
}

test("what stands behind the arguments changes nothing that a forcing call does, and is read from its transaction", async () => {
  const { lease, forced } = await forcingCalls();
  for (const call of forced) {
    const snapshot = await stage.local.rpc("evm_snapshot");
    const plain = await effectOf(call, lease);
    assert.equal(await readPublication(stage.chain, plain.transactionHash), undefined);
    await stage.local.rpc("evm_revert", [snapshot]);
    const publishing = await effectOf(withPublication(call, ROWS), lease);
    assert.deepEqual(publishing.effect, plain.effect, call.name);
    assert.ok(plain.effect.told.length >= 3, call.name);
    assert.ok(publishing.gasUsed > plain.gasUsed);
    assert.deepEqual(await readPublication(stage.chain, publishing.transactionHash), ROWS);
  }
});

test("a contract that forwards the call hides what it publishes; behind its own call it is seen", async () => {
  const { forced } = await forcingCalls();
  const [settle] = forced as [calls.ContractCall];
  const inner = withPublication(settle, ROWS).data;
  const outer = (stage.local.accounts[9] as LocalAccount).address;
  // As a contract wallet is called: the inner call is one argument, and others stand behind it.
  const wrapped = { to: outer, name: "execute", data: `${inner}${"00".repeat(64)}` as Hex };
  assert.equal(await readPublication(stage.chain, (await stage.send(wrapped)).transactionHash), undefined);
  const shown = withPublication(wrapped, ROWS);
  assert.deepEqual(await readPublication(stage.chain, (await stage.send(shown)).transactionHash), ROWS);
});
