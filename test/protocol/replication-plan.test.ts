import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { numberToHex } from "viem";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import {
  answerConfidence,
  type Candidate,
  expectedCost,
  majorityOf,
  type PlanInput,
  planReplication,
  type ReplicationPlan,
} from "#protocol/replication-plan.ts";

const ALWAYS_SKIP = 0.999_999_999;

type Given = readonly [inARow: number, price: number, owner?: number];

/** Candidates by their records and prices, each of another owner unless said otherwise, the cheapest first. */
function candidates(...given: readonly Given[]): Candidate[] {
  return given
    .map(([inARow, price, owner], index) => ({
      node: numberToHex(index + 1, { size: 20 }),
      owner: numberToHex(1_000 + (owner ?? index), { size: 20 }),
      price: BigInt(price),
      inARow,
    }))
    .sort((a, b) => Number(a.price - b.price));
}

function planOrNone(input: PlanInput): ReplicationPlan | undefined {
  try {
    return planReplication(input);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === "confidence-out-of-reach") return undefined;
    throw error;
  }
}

/** What the plan costs when nothing is checked on the spot. */
const unchecked = (plan: ReplicationPlan) => (plan.alone ?? plan.replicated).price;

const anyCandidates = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 1_000 }), fc.nat(30)), {
    maxLength: 40,
  })
  .map((given) => candidates(...given));
const anyConfidence = fc.double({ min: 0.5, max: 0.999_9, noNaN: true });
const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("committees of newcomers are as right as the share of colluders lets them be", () => {
  const confidenceOf = (replicas: number) => answerConfidence(new Array(replicas).fill(0), majorityOf(replicas));
  assert.equal(confidenceOf(1).toFixed(4), "0.9000");
  assert.equal(confidenceOf(3).toFixed(4), "0.9720");
  assert.equal(confidenceOf(5).toFixed(4), "0.9914");
  assert.equal(confidenceOf(7).toFixed(4), "0.9973");
});

test("the confidence is the share of right answers among those that a quorum gave, as counted case by case", () => {
  const counted = (rates: readonly number[], quorum: number, colluding: number) => {
    let [right, wrong] = [0, 0];
    // Every node is right, or wrong with the others, or wrong alone.
    for (let world = 0; world < 3 ** rates.length; world++) {
      const roles = rates.map((_, seat) => Math.floor(world / 3 ** seat) % 3);
      const share = rates.reduce((product, rate, seat) => {
        const together = Math.min(rate, colluding);
        return product * ([1 - rate, together, rate - together][roles[seat] ?? 0] ?? 0);
      }, 1);
      if (roles.filter((role) => role === 0).length >= quorum) right += share;
      if (roles.filter((role) => role === 1).length >= quorum) wrong += share;
    }
    return right / (right + wrong);
  };
  for (const records of [
    [0, 0, 0],
    [10, 0, 400],
    [3, 3, 3, 90, 0],
    [50, 50],
  ]) {
    for (const colluding of [0.02, 0.1]) {
      const quorum = majorityOf(records.length);
      const rates = records.map((inARow) => 1 / (inARow + 10));
      const difference = answerConfidence(records, quorum, colluding) - counted(rates, quorum, colluding);
      assert.ok(Math.abs(difference) < 1e-12, `${records} at ${colluding}: ${difference}`);
    }
  }
});

test("a longer record never makes an answer less sure", () => {
  const records = fc.array(fc.nat(3_000), { minLength: 1, maxLength: LIMITS.committeeNodes });
  fc.assert(
    fc.property(records, fc.nat(), fc.nat(3_000), fc.double({ min: 0, max: 0.5, noNaN: true }), (row, at, more, f) => {
      const seat = at % row.length;
      const better = row.with(seat, (row[seat] ?? 0) + more);
      const quorum = majorityOf(row.length);
      assert.ok(answerConfidence(better, quorum, f) >= answerConfidence(row, quorum, f) - 1e-12);
    }),
  );
});

test("more confidence never costs less, and less is never out of reach where more is not", () => {
  fc.assert(
    fc.property(anyCandidates, anyConfidence, anyConfidence, (given, one, other) => {
      const [less, more] = [Math.min(one, other), Math.max(one, other)];
      const [low, high] = [less, more].map((confidence) =>
        planOrNone({ confidence, candidates: given, chance: ALWAYS_SKIP }),
      );
      if (!high) return;
      assert.ok(low);
      assert.ok(unchecked(low) <= unchecked(high));
      assert.ok(low.replicated.price <= high.replicated.price);
    }),
  );
});

test("every plan keeps its word: the confidence, odd sizes, different owners, and nobody alone below ten in a row", () => {
  fc.assert(
    fc.property(anyCandidates, anyConfidence, anyChance, (given, confidence, chance) => {
      const plan = planOrNone({ confidence, candidates: given, chance });
      if (!plan) return;
      const { seats, quorum, price, inARowMin } = plan.committee;
      assert.ok(answerConfidence(new Array(seats.length).fill(inARowMin), quorum) >= confidence);
      assert.ok(seats.every(({ inARow }) => inARow >= inARowMin));
      assert.ok(seats.length % 2 === 1 && seats.length <= LIMITS.committeeNodes);
      assert.equal(new Set(seats.map(({ owner }) => owner)).size, seats.length);
      assert.equal(
        price,
        seats.reduce((sum, seat) => sum + seat.price, 0n),
      );
      if (seats.length === 1) assert.ok((seats[0]?.inARow ?? 0) >= 10 && !plan.spotCheck);
    }),
  );
});

test("nobody with fewer than ten in a row serves alone, whatever is wanted and however chance falls", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 3, maxLength: 20 }),
      anyChance,
      (rows, chance) => {
        const given = candidates(...rows.map((inARow) => [inARow, 1] as const));
        const plan = planReplication({ confidence: 0.5, candidates: given, chance });
        assert.ok(plan.committee.seats.length >= 3);
        assert.equal(plan.checkedShare, 1);
        assert.equal(plan.alone, undefined);
      },
    ),
  );
});

test("one trusted node is enough, but for one job in as many as its row is long, and then it sits in the committee", () => {
  const given = candidates([0, 1], [0, 2], [0, 3], [0, 4], [0, 5], [40, 6], [30, 7]);
  const wanted = { confidence: 0.975, candidates: given };
  const alone = planReplication({ ...wanted, chance: 1 / 40 });
  assert.deepEqual(
    alone.committee.seats.map(({ inARow }) => inARow),
    [40],
  );
  assert.equal(alone.committee.confidence, 1 - 1 / 40, "of the shortest record that is long enough");
  assert.equal(alone.spotCheck, false);
  const checked = planReplication({ ...wanted, chance: 1 / 40 - 1e-9 });
  assert.equal(checked.spotCheck, true);
  assert.equal(checked.committee.seats.length, 5);
  assert.ok(checked.committee.seats.some(({ inARow }) => inARow === 40));
  assert.equal(checked.committee.price, 1n + 2n + 3n + 4n + 6n);
  // 39 jobs in 40 cost 6, one costs the 15 of the plain committee.
  assert.equal(expectedCost(checked), 7n);
});

test("the cheapest way wins: fewer good nodes, or more that are cheap", () => {
  const plan = (...given: readonly Given[]) =>
    planReplication({ confidence: 0.99, candidates: candidates(...given), chance: ALWAYS_SKIP }).committee;
  const newcomers = [1, 2, 3, 4, 5].map((price) => [0, price] as const);
  assert.equal(plan(...newcomers).seats.length, 5, "three newcomers give 0.972");
  assert.equal(plan(...newcomers, [10, 3], [10, 3], [10, 4]).seats.length, 3, "three with ten in a row give 0.9927");
  assert.equal(plan(...newcomers, [90, 14]).seats.length, 1);
  assert.equal(plan(...newcomers, [90, 15]).seats.length, 5, "a lone node must be cheaper than a committee");
  assert.equal(plan(...newcomers, [89, 1]).seats.length, 5, "one answer in 99 is wrong");
});

test("what cannot be had is said, with what can", () => {
  const given = candidates([0, 1], [0, 1], [0, 1], [50, 1, 0]);
  const refusal = (confidence: number, of = given) => ({
    plan: () => planReplication({ confidence, candidates: of, chance: 0 }),
  });
  assert.throws(refusal(0.999).plan, (error: unknown) => {
    assert.ok(error instanceof ProtocolError);
    assert.equal(error.code, "confidence-out-of-reach");
    assert.equal(error.context.owners, 3);
    assert.ok(Number(error.context.reached) > 0.972 && Number(error.context.reached) < 0.999);
    return true;
  });
  assert.throws(refusal(0.6, given.slice(0, 2)).plan, /2 nodes of different owners/);
  for (const confidence of [1, 0.49, Number.NaN, 2]) {
    assert.throws(refusal(confidence).plan, { code: "confidence-out-of-range" });
  }
});
