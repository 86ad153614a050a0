// A lazy cartel is a whole committee that answers alike without working: its quorum holds, and only a known answer tells.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Address } from "viem";
import { finishJob } from "#client/job/finish-job.ts";
import type { JobTerms } from "#client/job-terms.ts";
import type { JobRecord } from "#client/store/job-record.ts";
import { payLease } from "#client/vouchers/pay-lease.ts";
import { resultHash } from "#protocol/order.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { signingHash, verifySignature } from "#protocol/signing.ts";
import { DOMAIN } from "../fake/fake-ledger.ts";
import { type FakeMarket, fakeMarket } from "../fake/fake-market.ts";
import { type Behaviour, FakeNode, RATES } from "../fake/fake-node.ts";
import { Killed } from "../fake/memory-store.ts";

const three = (behaviour: Behaviour): Behaviour[] => [behaviour, behaviour, behaviour];
/** The first three nodes are the cheapest, and so the first committee. */
const FIRST_CHEAPEST = [100n, 100n, 100n, 200n, 200n, 200n];
/** Heavy work is not run for a quote. */
const UNQUOTED = { runtime: undefined };
const CHECK_ALL: Partial<JobTerms> = { check: { share: 1, by: "self" } };
const ASK_OTHERS: Partial<JobTerms> = { check: { share: 1, by: "committee" } };

async function refusal(run: Promise<unknown>): Promise<ProtocolError> {
  const error = await run.then(
    () => assert.fail("expected a refusal"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProtocolError, String(error));
  return error;
}

/** How often this machine has run a checked job from now on. */
function countRuns({ world }: FakeMarket): () => number {
  let runs = 0;
  const { checkRuntime } = world;
  const counting: typeof checkRuntime = {
    run: (...args) => {
      runs++;
      return checkRuntime?.run(...args) ?? assert.fail();
    },
  };
  Object.assign(world, { checkRuntime: counting });
  return () => runs;
}

const nodesOf = ({ nodes }: FakeMarket, from: number, to: number) =>
  nodes
    .slice(from, to)
    .map(({ node }) => node)
    .toSorted();

test("a lazy cartel is caught by a canary before its order is in any voucher, and its evidence is kept", async () => {
  const market = await fakeMarket(three("honest"));
  const { lease } = await market.rent();
  const first = await market.run(["honest work"], CHECK_ALL, { lease, ...UNQUOTED });
  assert.deepEqual(first.checked, { by: "self", jobs: [0] });
  assert.ok(first.payment.kind === "voucher");
  for (const node of market.nodes) node.behaviour = "lies";

  const error = await refusal(market.run(["a", "b"], CHECK_ALL, { lease, ...UNQUOTED }));
  assert.deepEqual([error.code, error.category], ["answer-wrong", "job-failed"]);
  const [record] = (await market.store.jobs()).filter(({ state }) => state === "failed");
  const attempt = record?.attempts[0];
  assert.ok(attempt?.order && attempt.answers);
  const told = attempt.answers[0]?.receipts[0] ?? assert.fail();
  assert.equal(error.context.order, attempt.orderId);
  assert.equal(error.context.job, 0);
  assert.equal(error.context.attested, resultHash([told]));
  assert.notEqual(error.context.expected, error.context.attested);
  assert.deepEqual([...(error.context.nodes as string[])].toSorted(), nodesOf(market, 0, 3));
  assert.match(error.hint ?? "", /Rent another lease/);
  assert.deepEqual(new Set(attempt.faults.map(({ reason }) => reason)), new Set(["wrong-answer"]));

  const [caught, ...more] = await market.store.caught();
  assert.ok(caught && more.length === 0);
  assert.equal(signingHash(DOMAIN, "JobOrder", caught.order.message), attempt.orderId);
  await verifySignature(DOMAIN, "JobOrder", caught.order, caught.lease.sessionKey);
  assert.equal(caught.attestations.length, 3);
  for (const attestation of caught.attestations) {
    await verifySignature(DOMAIN, "Attestation", attestation, attestation.message.node);
    assert.equal(attestation.message.resultHash, resultHash(caught.receipts));
  }

  // Neither now nor when it can no longer be forced.
  await market.world.clock.sleep(200_000);
  await payLease(market.world, { lease });
  assert.equal(market.ledger.settlements.size, 0);
  const most = market.nodes.flatMap(({ payee }) => payee.shown.map(({ perNode }) => perNode));
  assert.deepEqual(new Set(most), new Set([first.payment.amount]));
});

describe("a lazy cartel is caught by", () => {
  const ways: readonly [string, Behaviour, Partial<JobTerms>, object][] = [
    ["a canary, settlement by settlement", "lies", CHECK_ALL, UNQUOTED],
    ["a canary, when only the bill is wrong", "inflates-usage", CHECK_ALL, UNQUOTED],
    ["the quote's own run", "lies", {}, {}],
    ["the quote's own run, when only the bill is wrong", "inflates-usage", {}, {}],
  ];
  for (const [name, behaviour, terms, way] of ways) {
    test(name, async () => {
      const market = await fakeMarket([...three(behaviour), ...three("honest")], FIRST_CHEAPEST);
      assert.equal((await refusal(market.run(["a"], terms, way))).code, "answer-wrong");
      assert.equal(market.ledger.settlements.size, 0);
      // The job was not run elsewhere by itself: the cartel may force its price, and a second one is the consumer's choice.
      assert.equal(market.ledger.leases.size, 1);
      const again = await market.run(["a"], terms, way);
      assert.deepEqual(again.committee.map(({ node }) => node).toSorted(), nodesOf(market, 3, 6));
      assert.equal(new TextDecoder().decode(again.responses[0]?.body), "A");
    });
  }
});

test("a lazy cartel is caught by another committee, which is paid for having worked", async () => {
  const market = await fakeMarket([...three("lies"), ...three("honest")], FIRST_CHEAPEST);
  const runs = countRuns(market);
  assert.equal((await refusal(market.run(["a", "b"], ASK_OTHERS, UNQUOTED))).code, "answer-wrong");
  assert.equal(runs(), 4, "where two committees differ, this machine says of each who is right");
  const paid = [...market.ledger.settlements.values()].flatMap(({ payments }) => payments.map(({ node }) => node));
  assert.deepEqual(paid.toSorted(), nodesOf(market, 3, 6));
  const [caught] = await market.store.caught();
  assert.deepEqual(caught?.nodes.toSorted(), nodesOf(market, 0, 3));
});

test("two honest committees of different owners agree, both are paid, and nothing is run here", async () => {
  const market = await fakeMarket([...three("honest"), ...three("honest")], FIRST_CHEAPEST);
  const runs = countRuns(market);
  const result = await market.run(["a", "b", "c"], ASK_OTHERS, UNQUOTED);
  assert.deepEqual(result.checked, { by: "committee", jobs: [0, 1, 2] });
  assert.equal(runs(), 0);
  assert.equal(market.ledger.settlements.size, 2);
  const [duplicate] = (await market.store.jobs()).filter(({ duplicateOf }) => duplicateOf?.name === result.name);
  assert.equal(duplicate?.state, "settled");
  const owners = duplicate.attempts[0]?.committee.map(({ message }) => message.owner);
  assert.ok(owners && !owners.some((owner) => result.committee.some((member) => member.owner === owner)));
});

test("a second committee that lies harms the first in nothing: it is caught itself", async () => {
  const market = await fakeMarket([...three("honest"), ...three("lies")], FIRST_CHEAPEST);
  const result = await market.run(["a"], ASK_OTHERS, UNQUOTED);
  assert.equal(new TextDecoder().decode(result.responses[0]?.body), "A");
  assert.equal(market.ledger.settlements.size, 1);
  assert.deepEqual((await market.store.caught())[0]?.nodes.toSorted(), nodesOf(market, 3, 6));
});

test("a node of the second committee that is away holds up the second committee's pay, and not the first's", async () => {
  const market = await fakeMarket([...three("honest"), "honest", "is-dead", "honest"], FIRST_CHEAPEST);
  const { clock } = market.world;
  const began = clock.now();
  const paidAfter: number[] = [];
  const { settle } = market.ledger;
  Object.assign(market.ledger, {
    settle: async (...args: Parameters<typeof settle>) => {
      const settlement = await settle(...args);
      paidAfter.push(Math.floor((clock.now() - began) / 1_000));
      return settlement;
    },
  });
  const terms = { ...ASK_OTHERS, deadlineSeconds: 120 };
  assert.equal((await market.run(["a"], terms, UNQUOTED)).agreed.length, 3);
  const [first, second, ...more] = paidAfter;
  assert.ok(first !== undefined && second !== undefined && more.length === 0);
  assert.ok(second >= 120 && first < second, `${first} s, ${second} s`);
});

test("where there is no other committee, or it finds no quorum, the check is run here", async () => {
  for (const others of [[], ["is-dead", "is-dead", "honest"]] as const) {
    const market = await fakeMarket([...three("lies"), ...others], FIRST_CHEAPEST);
    const runs = countRuns(market);
    assert.equal((await refusal(market.run(["a"], ASK_OTHERS, UNQUOTED))).code, "answer-wrong");
    assert.equal(runs(), 1);
    assert.equal(market.progress.filter(({ step }) => step === "checking-alone").length, 1);
    assert.equal(market.ledger.settlements.size, 0);
  }
});

test("a caught owner's other nodes are avoided too, and a caught lease takes no other job", async () => {
  const market = await fakeMarket([...three("lies"), ...three("honest")], FIRST_CHEAPEST);
  const { lease } = await market.rent();
  for (const node of market.nodes) node.behaviour = "lies";
  assert.equal((await refusal(market.run(["a"], CHECK_ALL, { lease, ...UNQUOTED }))).code, "answer-wrong");
  for (const node of market.nodes) node.behaviour = "honest";
  assert.equal((await refusal(market.run(["b"], {}, { lease }))).code, "committee-caught");

  const { clock } = market.world;
  const fresh = async (owner: Address, index: number) => {
    const made = { clock, index, behaviour: "honest", runtime: market.nodes[0]?.offer.runtime ?? "", owner } as const;
    const { node, signedOffer } = await FakeNode.make({ ...made, rates: RATES, exchange: market.ledger });
    market.ledger.owners.set(node, owner);
    return signedOffer;
  };
  const owners = market.nodes.map(({ offer }) => offer.owner).slice(0, 3);
  Object.assign(market.world, { offers: await Promise.all(owners.map((owner, index) => fresh(owner, 50 + index))) });
  const error = await refusal(market.run(["c"]));
  assert.equal(error.code, "committee-too-small");
  assert.ok((error.context.refusals as string[]).every((line) => line.includes("node-banned")));
});

test("an honest node that a lying majority outvotes is neither named nor avoided, and its word is in the evidence", async () => {
  const market = await fakeMarket(["lies", "honest", "lies"]);
  const error = await refusal(market.run(["a"], CHECK_ALL, UNQUOTED));
  assert.equal(error.code, "answer-wrong");
  const honest = market.nodes[1]?.node;
  const [caught] = await market.store.caught();
  assert.ok(caught && !caught.nodes.some((node) => node === honest));
  assert.equal(caught.attestations.filter(({ message }) => message.node === honest).length, 1);
  const [record] = await market.store.jobs();
  assert.ok(!record?.attempts[0]?.faults.some(({ node }) => node === honest));
});

/** What every node was given and asked until it attested, without what is random or the caller's in every order. */
async function seenUntilAttested(check: JobTerms["check"]): Promise<unknown> {
  const market = await fakeMarket([...three("honest"), ...three("honest")], FIRST_CHEAPEST);
  const calls = market.nodes.map((node) => {
    const seen: unknown[] = [];
    const { submitOrder, sendBlob, sendCommitments } = node;
    node.submitOrder = (submission, ...rest) => {
      const { lease, order, jobs, blobs, offers, token } = submission;
      const { lease: _, jobs: __, ...asked } = order.message;
      const specs = jobs.map((job) => ({ ...job, seed: job.seed.length }));
      seen.push([
        "submit",
        lease.nodes.length,
        asked,
        specs,
        blobs,
        offers?.length,
        token.length,
        Object.keys(submission),
      ]);
      return submitOrder.call(node, submission, ...rest);
    };
    node.sendBlob = (...args) => {
      seen.push(["blob", args[2]]);
      return sendBlob.apply(node, args);
    };
    node.sendCommitments = async (...args) => {
      seen.push(["commitments", args[2].commitments.length]);
      const status = await sendCommitments.apply(node, args);
      // The draw is not made while any node could still answer otherwise.
      const drawn = (await market.store.jobs()).filter(({ attempts }) => attempts[0]?.check);
      assert.ok(market.nodes.indexOf(node) >= 3 || drawn.length === 0, "drawn before it had attested");
      return status;
    };
    return seen;
  });
  await market.run(["a", "b", "c", "d"], { check }, UNQUOTED);
  return calls.slice(0, 3);
}

test("nothing that a node gets before it has attested tells a checked job from another", async () => {
  const unchecked = await seenUntilAttested(undefined);
  assert.ok(JSON.stringify(unchecked, (_, value) => (typeof value === "bigint" ? `${value}` : value)).length > 1_000);
  assert.deepEqual(await seenUntilAttested({ share: 1, by: "self" }), unchecked);
  assert.deepEqual(await seenUntilAttested({ share: 0.5, by: "self" }), unchecked);
  assert.deepEqual(await seenUntilAttested({ share: 1, by: "committee" }), unchecked);
});

test("each job is drawn with the wanted share, and no two draws are the same", async () => {
  const market = await fakeMarket(["honest"]);
  const bodies = Array.from({ length: 100 }, (_, index) => `${index}`);
  const draws: string[] = [];
  let count = 0;
  for (let order = 0; order < 4; order++) {
    const terms = { replicas: 1, quorumBps: 10_000, check: { share: 0.1, by: "self" } } as const;
    const { checked } = await market.run(bodies, terms, UNQUOTED);
    draws.push(checked.jobs.join());
    count += checked.jobs.length;
  }
  // 40 of 400 are expected; six standard deviations are 36.
  assert.ok(count > 4 && count < 76, `${count} of 400 were checked`);
  assert.equal(new Set(draws).size, 4);
});

test("without a runtime a check leaves the job open, unpaid, for a resume that has one", async () => {
  const market = await fakeMarket(three("honest"));
  const { checkRuntime } = market.world;
  Object.assign(market.world, { checkRuntime: undefined });
  assert.equal((await refusal(market.run(["a"], CHECK_ALL, UNQUOTED))).code, "check-without-runtime");
  assert.equal(market.ledger.settlements.size, 0);
  Object.assign(market.world, { checkRuntime });
  const [resumed] = await market.resume();
  assert.deepEqual(resumed?.checked, { by: "self", jobs: [0] });
  assert.equal(market.ledger.settlements.size, 1);
});

/** What a new process does, job by job as `mimik job resume` does. */
async function resumeAll({ world, store }: FakeMarket): Promise<readonly JobRecord[]> {
  for (const { name, state } of await store.jobs()) {
    if (state !== "open") continue;
    using _lock = await store.lockJob(name);
    await finishJob(world, await store.job(name), { rerun: false }).catch((error: unknown) => {
      if (!(error instanceof ProtocolError)) throw error;
    });
  }
  return store.jobs();
}

test("killed at any write, a checked cartel is caught by the next process, and is never paid", async () => {
  const alone = { ...ASK_OTHERS, replicas: 1, quorumBps: 10_000 };
  const open = () => fakeMarket(["lies", "honest"], [100n, 200n]);
  const whole = await open();
  await refusal(whole.run(["a"], alone, UNQUOTED));
  let caught = 0;
  for (let write = 0; write < whole.store.writes; write++) {
    const market = await open();
    market.store.crash = { write, when: "after" };
    await assert.rejects(market.run(["a"], alone, UNQUOTED), Killed);
    market.store.crash = undefined;
    const jobs = await resumeAll(market);
    const paid = [...market.ledger.settlements.values()].flatMap(({ payments }) => payments.map(({ node }) => node));
    assert.ok(!paid.some((node) => node === market.nodes[0]?.node), `write ${write}`);
    assert.ok(jobs.length <= 2 && market.ledger.settlements.size <= 1, `write ${write}: one duplicate at most`);
    caught += (await market.store.caught()).length;
  }
  // All but the first writes, before which there is no job to go on with.
  assert.ok(caught >= whole.store.writes - 2, `${caught} of ${whole.store.writes}`);
});
