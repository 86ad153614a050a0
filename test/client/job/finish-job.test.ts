// A job from its plan to its end, with honest nodes and with every kind that is not.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FaultReason } from "#client/check/fault.ts";
import { finishJob } from "#client/job/finish-job.ts";
import { closeEndedLeases } from "#client/lease/close-leases.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { signingHash } from "#protocol/signing.ts";
import { DOMAIN } from "../fake/fake-ledger.ts";
import { type FakeMarket, fakeMarket } from "../fake/fake-market.ts";
import type { Behaviour, FakeNode } from "../fake/fake-node.ts";
import { Killed } from "../fake/memory-store.ts";

const text = (body: Uint8Array) => new TextDecoder().decode(body);

function held(market: FakeMarket): bigint {
  return [...market.ledger.leases.values()].reduce((sum, { remaining }) => sum + remaining, 0n);
}

/** Nodes of one price are chosen in this order. */
function ascending({ nodes }: FakeMarket): readonly FakeNode[] {
  return nodes.toSorted((a, b) => (BigInt(a.node) < BigInt(b.node) ? -1 : 1));
}

async function codeOf(run: Promise<unknown>): Promise<ProtocolError> {
  const error = await run.then(
    () => assert.fail("expected a refusal"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProtocolError, String(error));
  return error;
}

test("three honest nodes agree, are paid alike, and the remainder comes back", async () => {
  const market = await fakeMarket(["honest", "honest", "honest"]);
  const result = await market.run(["hello", "world"]);
  assert.deepEqual(
    result.responses.map(({ body }) => text(body)),
    ["HELLO", "WORLD"],
  );
  assert.equal(result.agreed.length, 3);
  assert.deepEqual(result.dissenting, []);
  assert.deepEqual(result.checked, { by: "quote", jobs: [0, 1] });
  assert.equal(new Set(result.paid.map(({ amount }) => amount)).size, 1);
  assert.equal(result.attestations.length, 3);
  const paid = result.paid.reduce((sum, { amount }) => sum + amount, 0n);
  assert.equal(market.ledger.balance + held(market) + paid, 10_000_000n);
  await market.world.clock.sleep(600_000);
  await closeEndedLeases(market.ledger, market.store);
  assert.equal(market.ledger.balance, 10_000_000n - paid);
});

test("a bid is withdrawn when it is served, and when nobody can serve it", async () => {
  for (const behaviours of [
    ["honest", "honest", "honest"],
    ["lies", "is-dead", "honest"],
  ] as const) {
    const market = await fakeMarket(behaviours);
    await market.run().catch(() => {});
    const [record] = await market.store.jobs();
    assert.ok(record);
    assert.deepEqual(market.cancelled, [signingHash(DOMAIN, "Bid", record.bid.message)]);
  }
});

test("an exact quote leaves nothing in the lease", async () => {
  const market = await fakeMarket(["honest", "honest", "honest"]);
  await market.run();
  assert.equal(held(market), 0n);
});

const ONE_OF_THREE: readonly [Behaviour, FaultReason][] = [
  ["lies", "different-result"],
  ["inflates-usage", "different-result"],
  ["overprices", "overpriced"],
  ["hangs", "late"],
  ["is-dead", "unreachable"],
  ["dies-after-commitment", "unreachable"],
  ["opens-another", "commitment-broken"],
  ["signs-with-another-key", "signature-invalid"],
  ["refuses", "refused"],
  ["fails", "failed"],
  ["asks-for-ever", "refused"],
  ["answers-nothing", "receipts-malformed"],
];

describe("one of three breaks the protocol: the answer is right, the other two are paid, and it is named", () => {
  for (const [behaviour, reason] of ONE_OF_THREE) {
    test(behaviour, async () => {
      const market = await fakeMarket(["honest", behaviour, "honest"]);
      const culprit = market.nodes[1]?.node;
      const result = await market.run();
      assert.equal(text(result.responses[0]?.body ?? new Uint8Array()), "HELLO");
      assert.equal(result.agreed.length, 2);
      assert.equal(result.paid.length, 2);
      assert.deepEqual(
        result.dissenting.map(({ node, reason: found }) => [node, found]),
        [[culprit, reason]],
      );
      assert.equal(market.ledger.settlements.size, 1);
    });
  }
});

test("a liar beside honest nodes is settled at once; an absent one after the deadline", async () => {
  for (const [behaviour, waits] of [
    ["lies", false],
    ["is-dead", true],
  ] as const) {
    const market = await fakeMarket(["honest", "honest", behaviour]);
    const start = market.world.clock.now();
    await market.run();
    assert.equal(market.world.clock.now() - start > 60_000, waits, behaviour);
  }
});

test("a node whose chain is behind is asked again", async () => {
  const market = await fakeMarket(["honest", "lags", "honest"]);
  assert.equal((await market.run()).agreed.length, 3);
});

test("a node that gives no response or wrong bytes is passed over for the next", async () => {
  const market = await fakeMarket(["withholds-response", "corrupts-response", "honest"]);
  const result = await market.run();
  assert.equal(text(result.responses[0]?.body ?? new Uint8Array()), "HELLO");
  assert.equal(result.agreed.length, 3);
});

test("two liars that differ: nobody is paid, both and only they are named, the funds come back", async () => {
  const market = await fakeMarket(["lies", "honest", "lies-otherwise"]);
  const error = await codeOf(market.run());
  assert.equal(error.code, "no-quorum");
  assert.equal(error.category, "job-failed");
  const named = (error.context.faults as readonly string[]).map((fault) => fault.split(" ")[0]);
  const liars = market.nodes.filter(({ behaviour }) => behaviour !== "honest").map(({ node }) => node);
  assert.deepEqual(named.toSorted(), liars.toSorted());
  assert.equal(market.ledger.settlements.size, 0);
  assert.ok(market.ledger.balance < 10_000_000n);
  await market.world.clock.sleep(600_000);
  const closed = await closeEndedLeases(market.ledger, market.store);
  assert.equal(closed.length, 1);
  assert.equal(market.ledger.balance, 10_000_000n);
  assert.equal((await market.store.jobs())[0]?.state, "failed");
});

test("without a quorum there is one more committee, not two", async () => {
  const market = await fakeMarket(["honest", "honest", "honest", "honest", "honest", "honest", "honest", "honest"]);
  const [first, second, , fourth, fifth] = ascending(market);
  if (first && second) [first.behaviour, second.behaviour] = ["is-dead", "fails"];
  if (fourth && fifth) [fourth.behaviour, fifth.behaviour] = ["lies", "lies-otherwise"];
  const error = await codeOf(market.run());
  assert.equal(error.code, "no-quorum");
  assert.equal(market.ledger.leases.size, 2);
  assert.equal(market.ledger.settlements.size, 0);
});

test("a rerun takes other nodes, and pays only the committee that agreed", async () => {
  const market = await fakeMarket(["honest", "honest", "honest", "honest", "honest", "honest"]);
  // Whoever is chosen first lies, each in its own way; the rest are honest.
  const [first, second] = ascending(market);
  if (first) first.behaviour = "lies";
  if (second) second.behaviour = "lies-otherwise";
  const result = await market.run();
  assert.equal(text(result.responses[0]?.body ?? new Uint8Array()), "HELLO");
  assert.ok(!result.committee.some(({ node }) => node === first?.node || node === second?.node));
  assert.equal(market.ledger.leases.size, 2);
  assert.equal(market.ledger.settlements.size, 1);
  const reruns = market.progress.filter(({ step }) => step === "rerun");
  assert.equal(reruns.length, 1);
});

test("nothing is locked when the account or the budget is too small", async () => {
  const poor = await fakeMarket(["honest", "honest", "honest"]);
  poor.ledger.balance = 10n;
  assert.equal((await codeOf(poor.run())).code, "account-underfunded");
  const mean = await fakeMarket(["honest", "honest", "honest"]);
  assert.equal((await codeOf(mean.run(["hello"], { budget: 20n }))).category, "not-found");
  assert.equal(
    (await codeOf(mean.run(["hello"], { budget: 1_000n, maxRates: mean.nodes[0]?.offer.rates as never }))).code,
    "budget-too-small",
  );
  assert.equal(mean.ledger.leases.size + poor.ledger.leases.size, 0);
});

test("killed at any write, before or after it, a job is finished by the next process: one lease, one order, one payment", async () => {
  const whole = await fakeMarket(["honest", "honest", "honest"]);
  await whole.run();
  const writes = whole.store.writes;
  assert.ok(writes >= 7, `${writes} writes`);
  let finished = 0;
  for (let write = 0; write < writes; write++) {
    for (const when of ["before", "after"] as const) {
      const market = await fakeMarket(["honest", "honest", "honest"]);
      market.store.crash = { write, when };
      await assert.rejects(market.run(), Killed);
      market.store.crash = undefined;
      const results = await market.resume();
      finished += results.length;
      const label = `write ${write} ${when}`;
      const { leases, settlements } = market.ledger;
      const settledJobs = (await market.store.jobs()).filter(({ state }) => state === "settled").length;
      assert.ok(leases.size <= 1 && settlements.size === leases.size, label);
      assert.equal(settledJobs, settlements.size, label);
      for (const node of market.nodes) {
        assert.ok(node.orders.size <= 1, label);
        assert.equal(node.attestations, settlements.size, label);
      }
    }
  }
  // All but the first writes, before which there is no job to go on with.
  assert.ok(finished >= 2 * writes - 6, `${finished} of ${2 * writes}`);
});

test("a job whose deadline passed while nobody worked on it ends with a reason, and nobody is paid", async () => {
  const market = await fakeMarket(["honest", "honest", "honest"]);
  // Killed as soon as the order is signed and stored.
  const plan = await fakeMarket(["honest", "honest", "honest"]);
  await plan.run();
  for (let write = 0; write < plan.store.writes; write++) {
    market.store.crash = { write: market.store.writes + write, when: "after" };
    await market.run().catch(() => {});
    market.store.crash = undefined;
  }
  await market.world.clock.sleep(3_600_000);
  const ordered = (await market.store.jobs()).filter(
    ({ state, attempts }) => state === "open" && attempts[0]?.order && !attempts[0].commitments,
  );
  assert.ok(ordered.length >= 1);
  const before = market.ledger.settlements.size;
  for (const record of ordered) {
    assert.equal((await codeOf(finishJob(market.world, record, { rerun: false }))).code, "order-late");
    assert.equal((await market.store.job(record.name)).state, "failed");
  }
  assert.equal(market.ledger.settlements.size, before);
});
