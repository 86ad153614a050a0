import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Hex, keccak256, type LocalAccount, numberToHex } from "viem";
import type { ContractCall } from "#chain/calls.ts";
import { asChainCall } from "#chain/chain-error.ts";
import * as court from "#chain/court-calls.ts";
import { JURY_SEATS } from "#chain/deployment-plan.ts";
import { readCase, readJurorKey, readJury } from "#chain/read-case.ts";
import { readCommittee } from "#chain/read-committee.ts";
import { readNode } from "#chain/read-node.ts";
import { blsKeyOf, blsSecretOf } from "#protocol/bls.ts";
import { leaseIdOf, signingHash, signMessage } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { type CourtDomain, gatherVerdict, type JurorVote, proveJurorKey, voteOn } from "#protocol/verdict.ts";
import { coded } from "./coded.ts";
import { type JuryNode, type JuryStage, openJuryStage } from "./jury-stage.ts";

const TRUTH = numberToHex(1, { size: 32 });
const LIE = numberToHex(2, { size: 32 });
let stage: JuryStage;
let domain: CourtDomain;

before(async () => {
  stage = await openJuryStage();
  domain = { chainId: stage.chain.settings.chainId, court: stage.chain.contracts.court };
});
after(() => stage[Symbol.asyncDispose]());

function send(account: LocalAccount, call: ContractCall): Promise<Hex> {
  return asChainCall(stage.local.rpcUrl, call.name, () => stage.local.send(account, call));
}

function nodeOf(id: NodeId | undefined): JuryNode {
  return stage.nodes.get(id as NodeId) ?? assert.fail(`no node ${id}`);
}

async function stakeOf(id: NodeId | undefined): Promise<bigint> {
  return (await readNode(stage.chain, id as NodeId))?.stake ?? 0n;
}

test("a node registers the key of a juror with its own key", async () => {
  const node = [...stage.nodes.values()][0] ?? assert.fail();
  assert.equal(await readJurorKey(stage.chain, node.id), undefined);
  const secret = blsSecretOf(node.secret);
  await send(node.key, court.registerJurorCall(stage.chain, proveJurorKey(secret, domain, node.id)));
  assert.equal(await readJurorKey(stage.chain, node.id), keccak256(blsKeyOf(secret)));
});

test("a lie of the majority is appealed, judged by a drawn jury, and costs a quarter of two stakes", async () => {
  const { chain, local, consumer } = stage;
  const terms = await stage.drawnLease();
  assert.deepEqual(await readCommittee(chain, leaseIdOf(terms)), terms.nodes);
  assert.equal(await readCommittee(chain, TRUTH), undefined);
  const order = await stage.signOrder(terms, {});
  const id = signingHash(chain.domain, "JobOrder", order.message);
  const attestations = await stage.attest(terms, order.message, [LIE, LIE, TRUTH]);
  await local.advance(60);
  await send(consumer, court.accuseCall(chain, terms, order, attestations));
  const honest = nodeOf(terms.nodes[2]);
  const appeal = court.appealCall(chain, terms, order, attestations);
  await assert.rejects(send(consumer, appeal), coded("not-an-attester"));
  assert.equal(await readCase(chain, id), undefined);
  await send(honest.key, appeal);
  const opened = (await readCase(chain, id)) ?? assert.fail("no case");
  assert.equal(opened.state, "open");
  await assert.rejects(readJury(chain, terms, order.message), coded("jury-not-drawn"));
  await stage.recordBeacon(opened.subject);
  const jury = await readJury(chain, terms, order.message);
  assert.equal(jury.length, JURY_SEATS);

  const votes: JurorVote[] = [];
  for (const juror of jury) {
    const { key, secret } = nodeOf(juror);
    const bls = blsSecretOf(secret);
    await send(key, court.registerJurorCall(chain, proveJurorKey(bls, domain, juror)));
    votes.push(voteOn(bls, domain, id, TRUTH));
  }
  const verdict = gatherVerdict(domain, id, TRUTH, votes);
  await send(consumer, court.decideCall(chain, terms, order.message, verdict));
  assert.equal((await readCase(chain, id))?.resultHash, TRUTH);
  const staked = await stakeOf(terms.nodes[0]);
  await send(consumer, court.punishCall(chain, terms, order, attestations));
  assert.equal(await stakeOf(terms.nodes[0]), (staked * 3n) / 4n);
  assert.equal(await stakeOf(terms.nodes[2]), staked);
  await send(consumer, court.payJurorsCall(chain, id, jury, verdict.signers));
  await assert.rejects(send(consumer, court.payJurorsCall(chain, id, jury, verdict.signers)), coded("nothing-to-pay"));
});

test("two attestations of one node for one order burn its stake, once", async () => {
  const { chain, consumer } = stage;
  const node = [...stage.nodes.values()].at(-1) ?? assert.fail();
  const of = (resultHash: Hex) =>
    signMessage(node.key, chain.domain, "Attestation", {
      order: TRUTH,
      node: node.id,
      resultHash,
      price: 1n,
      commits: LIE,
    });
  const call = court.proveEquivocationCall(chain, TRUTH, await of(TRUTH), await of(LIE));
  await send(consumer, call);
  assert.equal(await stakeOf(node.id), 0n);
  await assert.rejects(send(consumer, call), coded("equivocation-known"));
});
