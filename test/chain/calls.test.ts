import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Hex, type LocalAccount, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import * as calls from "#chain/calls.ts";
import { type Chain, connectChain } from "#chain/connect.ts";
import { signPermit } from "#chain/permit.ts";
import { readAllowance, readBalance, readGasBalance, readTokenBalance } from "#chain/read-account.ts";
import { isOrderSettled, readLease } from "#chain/read-lease.ts";
import { readNode } from "#chain/read-node.ts";
import { readTime } from "#chain/read-time.ts";
import type { JobOrder, LeaseTerms } from "#protocol/signed-messages.ts";
import { leaseIdOf, signingHash, signMessage } from "#protocol/signing.ts";
import { type LocalChain, startLocalChain } from "./local-chain.ts";

let local: LocalChain;
let chain: Chain;
let consumer: LocalAccount;
let owner: LocalAccount;
const node = privateKeyToAccount(generatePrivateKey());
const session = privateKeyToAccount(generatePrivateKey());
let terms: LeaseTerms;
let leaseId: Hex;

before(async () => {
  local = await startLocalChain({ graceSeconds: 10 });
  chain = await connectChain(local.settings);
  [consumer, owner] = local.accounts as [LocalAccount, LocalAccount];
  terms = { consumer: consumer.address, sessionKey: session.address, salt: zeroHash, nodes: [node.address] };
  leaseId = leaseIdOf(terms);
});
after(() => local[Symbol.asyncDispose]());

test("money comes in by approval or permit, and goes out", async () => {
  const { address } = consumer;
  await local.send(consumer, calls.mintCall(chain, address, 1_000n));
  assert.equal(await readTokenBalance(chain, address), 1_000n);
  await local.send(consumer, calls.approveCall(chain, 300n));
  assert.equal(await readAllowance(chain, address), 300n);
  await local.send(consumer, calls.depositCall(chain, 300n));
  const permit = await signPermit(chain, consumer, { amount: 500n, validUntil: (await readTime(chain)) + 600 });
  await local.send(consumer, calls.depositWithPermitCall(chain, permit));
  assert.equal(await readBalance(chain, address), 800n);
  await local.send(consumer, calls.withdrawCall(chain, 100n));
  assert.deepEqual([await readBalance(chain, address), await readTokenBalance(chain, address)], [700n, 300n]);
  assert.ok((await readGasBalance(chain, address)) > 0n);
});

test("a node is registered and staked", async () => {
  assert.equal(await readNode(chain, node.address), undefined);
  const registration = { node: node.address, owner: owner.address, validUntil: BigInt(await readTime(chain)) + 600n };
  const signed = await signMessage(node, chain.domain, "NodeRegistration", registration);
  await local.send(owner, calls.registerNodeCall(chain, signed));
  await local.stake(owner, node.address, 50n);
  const record = await readNode(chain, node.address);
  assert.deepEqual(record, {
    node: node.address.toLowerCase(),
    owner: owner.address.toLowerCase(),
    earned: 0n,
    stake: 50_000_000n,
    unbonding: 0n,
    unbondsAt: 0,
    frozenUntil: 0,
    tickets: 0,
  });
});

test("a lease is opened, topped up, extended and settled", async () => {
  assert.equal(await readLease(chain, leaseId), undefined);
  const expiry = (await readTime(chain)) + 1_000;
  await local.send(consumer, calls.openLeaseCall(chain, terms, 400n, expiry));
  await local.send(consumer, calls.topUpCall(chain, leaseId, 100n));
  await local.send(consumer, calls.extendLeaseCall(chain, terms, expiry + 5));
  const opened = await readLease(chain, leaseId);
  assert.deepEqual(opened, { remaining: 500n, expiry: expiry + 5, open: true, paidPerNode: 0n, upTo: 0, forced: 0 });

  const message: JobOrder = {
    lease: leaseId,
    nonce: 1,
    jobs: zeroHash,
    maxPrice: 60n,
    forceFee: 0n,
    quorumBps: 10_000,
    deadline: (await readTime(chain)) + 100,
  };
  const order = await signMessage(session, chain.domain, "JobOrder", message);
  const attestation = await signMessage(node, chain.domain, "Attestation", {
    order: signingHash(chain.domain, "JobOrder", message),
    node: node.address,
    resultHash: zeroHash,
    price: 40n,
    commits: zeroHash,
  });
  assert.equal(await isOrderSettled(chain, leaseId, 1), false);
  await local.send(consumer, calls.settleCall(chain, terms, order, [attestation]));
  assert.equal(await isOrderSettled(chain, leaseId, 1), true);
  assert.deepEqual((await readLease(chain, leaseId))?.remaining, 460n);
  assert.equal((await readNode(chain, node.address))?.earned, 40n);
});

test("everyone gets out", async () => {
  await local.send(consumer, calls.collectEarningsCall(chain, [node.address]));
  assert.equal(await readBalance(chain, owner.address), 40n);
  await local.send(owner, calls.startUnbondingCall(chain, node.address, 50_000_000n));
  assert.equal((await readNode(chain, node.address))?.unbonding, 50_000_000n);
  await local.advance(1_100);
  await local.send(consumer, calls.finishUnbondingCall(chain, node.address));
  await local.send(owner, calls.redeemSharesCall(chain, owner.address, 50_000_000n));
  assert.equal(await readTokenBalance(chain, owner.address), 50n);
  await local.send(owner, calls.closeLeaseCall(chain, terms));
  const closed = await readLease(chain, leaseId);
  assert.deepEqual([closed?.open, closed?.remaining], [false, 0n]);
  assert.equal(await readBalance(chain, consumer.address), 660n);
});
