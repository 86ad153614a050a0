import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { Hex } from "viem";
import { gasCost } from "#protocol/clearing-decision.ts";
import { quorumCount } from "#protocol/order.ts";
import {
  type ClaimQuestion,
  claimGas,
  decideClaim,
  decideRescue,
  forcingGas,
  gainOf,
  lastCall,
  quietUntil,
  type RescueQuestion,
  type Said,
} from "#protocol/rescue-decision.ts";
import type { NodeId } from "#protocol/units.ts";

const TRUTH: Hex = `0x${"11".repeat(32)}`;
const LIE: Hex = `0x${"22".repeat(32)}`;
const said = (index: number, resultHash = TRUTH, price = 100n): Said => ({
  node: `0x${index.toString(16).padStart(40, "0")}` as NodeId,
  resultHash,
  price,
});
const FREE = { gasPrice: 0n, coinPrice: 0n, costShareBps: 1_000, accusationCost: 0n };
/** Attested at 0, due at 100, forcible until 1,100; three nodes, this one first. */
const ASKED: RescueQuestion = {
  now: 0,
  attestedAt: 0,
  deadline: 100,
  graceSeconds: 1_000,
  maxPrice: 1_000n,
  forceFee: 10n,
  quorumBps: 6_666,
  committee: 3,
  rank: 0,
  own: said(1),
  others: [],
  paid: false,
  covered: false,
  claimed: false,
  claimRefused: false,
  dissentersAccused: false,
  costs: FREE,
};
const ALL = [said(2), said(3)];
const decide = (change: Partial<RescueQuestion>) => decideRescue({ ...ASKED, ...change });
const step = (change: Partial<RescueQuestion>) => decide(change).step;
/** So dear that forcing by three costs 141. */
const DEAR = { ...FREE, gasPrice: 10n ** 9n, coinPrice: 10n ** 6n };

test("the expected gas is enough for what the snapshot measured, and less than twice as much", () => {
  const path = new URL("../contracts/gas-snapshot.json", import.meta.url);
  const measured: Record<string, number> = JSON.parse(readFileSync(path, "utf8"));
  for (const [call, expected] of [
    ["settle", forcingGas(3)],
    ["adjudicate", forcingGas(3)],
    ["claim of 10", claimGas(3, 10)],
  ] as const) {
    const gas = measured[call] ?? 0;
    assert.ok(gas <= Number(expected) && Number(expected) < 2 * gas, `${call}: ${gas} measured, ${expected} expected`);
  }
});

test("the consumer has time to pay, then the nodes ask each other, then everybody's word is settled in time", () => {
  assert.equal(decide({ now: 9 }).because, "the consumer has time to pay");
  assert.equal(step({ now: 10 }), "ask");
  assert.equal(step({ now: 10, others: [said(2)] }), "ask");
  assert.equal(step({ now: 49, others: ALL }), "wait");
  assert.equal(step({ now: 50, others: ALL }), "settle");
  assert.equal(step({ now: 100, others: [said(2), said(3, LIE)] }), "wait");
});

test("after the deadline everybody claims, a quorum settles, a dissenter is adjudicated, and who is outvoted does nothing", () => {
  assert.equal(step({ now: 101, others: ALL }), "claim");
  assert.equal(step({ now: 101, others: [said(2)] }), "ask");
  assert.deepEqual(decide({ now: 131, others: [said(2)] }), { step: "settle", because: "a quorum agrees" });
  assert.equal(step({ now: 101, others: [said(2), said(3, LIE)] }), "adjudicate");
  assert.equal(decide({ now: 101, others: [said(2, LIE), said(3, LIE)] }).because, "the others are the quorum");
  assert.equal(decide({ now: 600, others: [said(2, LIE)] }).step, "ask");
  const split = { committee: 4, others: [said(2), said(3, LIE), said(4, LIE)] };
  assert.equal(decide({ now: 600, ...split }).because, "there is no quorum");
  assert.deepEqual(decide({ now: 1_101, others: ALL }), { step: "nothing", because: "too late" });
});

test("a claim that a node does not sign gives way to forcing, and so does one that nobody carried out", () => {
  assert.equal(step({ now: 599, others: ALL, claimed: true, claimRefused: true }), "claim");
  assert.equal(step({ now: 600, others: ALL, claimed: true, claimRefused: true }), "settle");
  assert.equal(step({ now: 849, others: ALL, claimed: true }), "claim");
  assert.equal(step({ now: 850, others: ALL, claimed: true }), "settle");
});

test("what a voucher covers is left to its clearing until half of the margin is over, but not what is in a signed claim", () => {
  for (const others of [ALL, [said(2)], [said(2), said(3, LIE)]]) {
    assert.equal(decide({ now: 974, others, covered: true }).because, "a voucher covers it");
    assert.match(step({ now: 975, others, covered: true }), /^(settle|adjudicate)$/);
    assert.equal(decide({ now: 984, others, covered: true, rank: 1 }).because, "another node goes first");
  }
  assert.equal(step({ now: 200, others: ALL, covered: true, claimed: true }), "claim");
});

test("a paid order is left alone, unless a dissenter was left out and the owner pays for an accusation", () => {
  const paid = { paid: true, now: 300, others: [said(2), said(3, LIE)] };
  assert.equal(step(paid), "accuse");
  assert.equal(step({ ...paid, now: 99 }), "nothing");
  assert.equal(step({ ...paid, others: ALL }), "nothing");
  assert.equal(step({ ...paid, others: [said(3, LIE)] }), "nothing");
  assert.equal(step({ ...paid, dissentersAccused: true }), "nothing");
  assert.equal(step({ ...paid, costs: undefined }), "nothing");
  assert.equal(step({ ...paid, costs: DEAR }), "nothing");
  assert.equal(step({ ...paid, costs: { ...DEAR, accusationCost: 141n } }), "accuse");
  assert.equal(step({ ...paid, rank: 2, now: 131 }), "wait");
});

test("the sender weighs the gas against its own pay and the fee, while it can wait against a share of them", () => {
  const late = { now: 131, others: [said(2)], costs: { ...DEAR, costShareBps: 5_000 } };
  const cost = gasCost(forcingGas(2), DEAR);
  assert.equal(cost, 109n);
  assert.equal(decide({ ...late, forceFee: 0n }).because, "the gas costs too much");
  assert.equal(step({ ...late, forceFee: cost * 2n - 100n }), "settle");
  assert.equal(step({ ...late, forceFee: cost * 2n - 101n }), "wait");
  assert.equal(step({ ...late, forceFee: cost - 99n, now: 850 }), "settle");
  assert.equal(step({ ...late, forceFee: cost - 100n, now: 850 }), "wait");
  assert.equal(decide({ ...late, costs: undefined }).because, "the node pays for no gas");
  // In time there is no fee.
  assert.equal(step({ ...late, now: 60, others: ALL, forceFee: 10n ** 9n }), "wait");
});

const CLAIM: ClaimQuestion = {
  now: 121,
  graceSeconds: 1_000,
  committee: 3,
  rank: 0,
  orders: [
    { deadline: 100, forceFee: 10n },
    { deadline: 120, forceFee: 10n },
  ],
  perNode: 200n,
  moreFollow: false,
  costs: FREE,
};

test("a claim waits for more orders and for its turn, and then goes as the gas lets it", () => {
  const claim = (change: Partial<ClaimQuestion>) => decideClaim({ ...CLAIM, ...change });
  assert.equal(claim({}), "claim");
  assert.equal(claim({ moreFollow: true, now: 349 }), "more follow");
  assert.equal(claim({ moreFollow: true, now: 350 }), "claim");
  assert.equal(claim({ rank: 2 }), "another node goes first");
  assert.equal(claim({ rank: 2, now: 140 }), "claim");
  assert.equal(claim({ costs: undefined }), "the node pays for no gas");
  const cost = gasCost(claimGas(3, 2), DEAR);
  assert.equal(claim({ costs: DEAR }), "too dear");
  assert.equal(claim({ costs: DEAR, perNode: cost * 10n - 20n }), "claim");
  assert.equal(claim({ costs: DEAR, perNode: cost - 19n, now: 599 }), "too dear");
  assert.equal(claim({ costs: DEAR, perNode: cost - 19n, now: 600 }), "claim");
  assert.equal(claim({ costs: DEAR, perNode: cost - 20n, now: 600 }), "too dear");
});

const amounts = fc.bigInt({ min: 0n, max: 10_000n });
const questions = fc.integer({ min: 1, max: 16 }).chain((committee) =>
  fc.record({
    now: fc.integer({ min: 0, max: 3_000 }),
    attestedAt: fc.integer({ min: 0, max: 1_000 }),
    deadline: fc.integer({ min: 1_000, max: 1_500 }),
    graceSeconds: fc.integer({ min: 1, max: 1_500 }),
    maxPrice: amounts,
    forceFee: amounts,
    quorumBps: fc.integer({ min: 5_001, max: 10_000 }),
    committee: fc.constant(committee),
    rank: fc.nat(committee - 1),
    own: amounts.map((price) => said(0, TRUTH, price)),
    others: fc
      .array(fc.option(fc.tuple(fc.boolean(), amounts), { nil: undefined }), {
        minLength: committee - 1,
        maxLength: committee - 1,
      })
      .map((all) => all.flatMap((each, index) => (each ? [said(index + 1, each[0] ? TRUTH : LIE, each[1])] : []))),
    paid: fc.boolean(),
    covered: fc.boolean(),
    claimed: fc.boolean(),
    claimRefused: fc.boolean(),
    dissentersAccused: fc.boolean(),
    costs: fc.option(
      fc.record({
        gasPrice: fc.bigInt({ min: 0n, max: 10n ** 11n }),
        coinPrice: fc.bigInt({ min: 0n, max: 10n ** 8n }),
        costShareBps: fc.integer({ min: 1, max: 10_000 }),
        accusationCost: amounts,
      }),
      { nil: undefined },
    ),
  }),
);

test("nothing is sent that the exchange would refuse, that loses the sender money, or that leaves somebody out in time", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(questions, (question) => {
      const { step } = decideRescue(question);
      seen.add(step);
      const { now, deadline, graceSeconds, others, committee, own, costs, forceFee, paid } = question;
      const late = now > deadline;
      const alike = others.filter(({ resultHash }) => resultHash === own.resultHash).length + 1;
      const dissent = others.length + 1 - alike;
      if (step === "nothing" || step === "wait") return;
      assert.ok(now <= deadline + graceSeconds);
      assert.ok(now >= quietUntil(question) || step === "accuse");
      if (step === "ask") assert.ok(others.length + 1 < committee && !paid);
      if (step === "claim") assert.ok(late && !paid && alike === committee);
      if (step === "settle" || step === "adjudicate") {
        assert.ok(!paid && costs !== undefined);
        assert.ok(alike >= (late ? quorumCount(question.quorumBps, committee) : committee));
        assert.equal(step === "adjudicate", dissent > 0);
        assert.ok(gasCost(forcingGas(others.length + 1), costs) < gainOf(question) + (late ? forceFee : 0n));
        const end = deadline + graceSeconds;
        if (question.covered && !question.claimed) assert.ok(2 * now >= end + lastCall(question));
      }
      if (step === "accuse") {
        assert.ok(paid && late && dissent > 0 && costs !== undefined && !question.dissentersAccused);
        assert.ok(gasCost(forcingGas(others.length + 1), costs) <= costs.accusationCost);
      }
    }),
    { numRuns: 5_000 },
  );
  assert.deepEqual([...seen].sort(), ["accuse", "adjudicate", "ask", "claim", "nothing", "settle", "wait"]);
});

test("whoever holds a quorum that pays for its gas forces the order before it is too late, whatever its place", () => {
  fc.assert(
    fc.property(questions, (asked) => {
      const alike = asked.others.filter(({ resultHash }) => resultHash === TRUTH).length + 1;
      fc.pre(alike >= quorumCount(asked.quorumBps, asked.committee));
      const until = asked.deadline + asked.graceSeconds;
      const question = { ...asked, paid: false, costs: FREE, forceFee: 1n, now: until };
      assert.match(decideRescue(question).step, /^(settle|adjudicate)$/);
      // All have had their turn when three quarters of what is left from the last call on are over.
      const left = until - lastCall(question);
      assert.match(decideRescue({ ...question, now: until - left / 4 }).step, /^(settle|adjudicate)$/);
    }),
  );
});

test("of two nodes that see the same, the one that the committee names first sends first", () => {
  const late = { others: [said(2)], now: 131 };
  assert.deepEqual(
    [0, 1, 2].map((rank) => step({ ...late, rank })),
    ["settle", "wait", "wait"],
  );
  assert.deepEqual(
    [0, 1, 2].map((rank) => step({ ...late, rank, now: 141 })),
    ["settle", "settle", "wait"],
  );
  assert.deepEqual(
    [0, 1, 2].map((rank) => step({ now: 70, others: ALL, rank })),
    ["settle", "settle", "wait"],
  );
});
