import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Hex, numberToHex } from "viem";
import {
  believedInARow,
  errorRate,
  foldReputations,
  type Judgement,
  NO_REPUTATION,
  nextReputation,
  type ReputationFact,
  spotCheckShare,
  TRUSTED_FROM,
  type Verdict,
} from "#protocol/reputation.ts";

const node = (index: number) => numberToHex(index, { size: 20 });
const id = (index: number) => numberToHex(index, { size: 32 });
const [A, B] = [node(1), node(2)];

const agreed = (lease: number, change: { node?: Hex; drawn?: boolean; paid?: number } = {}): ReputationFact => {
  return { kind: "agreed", node: A, lease: id(lease), drawn: true, paid: 3, ...change };
};
const dissented = (lease: number, order: number, drawn = true): ReputationFact => {
  return { kind: "dissented", node: A, lease: id(lease), drawn, order: id(order) };
};
const slashed = (order: number): ReputationFact => ({ kind: "slashed", node: A, order: id(order) });
const judged = (order: number): Judgement => ({ kind: "judged", order: id(order) });
const recordOf = (...facts: readonly (ReputationFact | Judgement)[]) => foldReputations(facts).get(A) ?? NO_REPUTATION;

const small = fc.integer({ min: 1, max: 4 });
const factOf = (drawn: fc.Arbitrary<boolean>): fc.Arbitrary<ReputationFact> =>
  fc.oneof(
    fc.record({
      kind: fc.constant("agreed" as const),
      node: small.map(node),
      lease: small.map(id),
      drawn,
      paid: small,
    }),
    fc.record({
      kind: fc.constant("dissented" as const),
      node: small.map(node),
      lease: small.map(id),
      drawn,
      order: small.map(id),
    }),
    fc.record({ kind: fc.constant("slashed" as const), node: small.map(node), order: small.map(id) }),
  );

test("right answers in drawn leases add up, and a fault takes the row back to zero but not the totals", () => {
  assert.deepEqual(recordOf(agreed(1), agreed(2), agreed(3)), { inARow: 3, valid: 3, invalid: 0 });
  assert.deepEqual(recordOf(agreed(1), agreed(2), dissented(3, 9)), { inARow: 0, valid: 2, invalid: 1 });
  assert.deepEqual(recordOf(agreed(1), slashed(9), agreed(2)), { inARow: 1, valid: 2, invalid: 1 });
});

test("a lease counts once, and a fault once, whoever shows it and however often", () => {
  assert.deepEqual(recordOf(agreed(1), agreed(1), agreed(1)), { inARow: 1, valid: 1, invalid: 0 });
  assert.deepEqual(recordOf(dissented(1, 9), dissented(1, 9), slashed(9)), { inARow: 0, valid: 0, invalid: 1 });
  assert.deepEqual(recordOf(dissented(1, 9), agreed(1)), { inARow: 0, valid: 0, invalid: 1 }, "no way back in it");
  assert.deepEqual(recordOf(agreed(1), dissented(1, 9), dissented(1, 8)), { inARow: 0, valid: 1, invalid: 2 });
});

test("whom a jury clears has the record that it would have without the accusation", () => {
  const honest = [agreed(1), agreed(2), dissented(3, 9), agreed(4)];
  assert.deepEqual(recordOf(...honest), { inARow: 1, valid: 3, invalid: 1 });
  assert.deepEqual(recordOf(...honest, judged(9)), { inARow: 3, valid: 3, invalid: 0 });
  assert.deepEqual(recordOf(...honest, dissented(5, 8), judged(9)), { inARow: 0, valid: 3, invalid: 1 });
  assert.deepEqual(recordOf(...honest, judged(9), dissented(3, 9)).invalid, 0, "nobody is accused after the verdict");
});

test("whom a jury finds wrong is slashed, and that counts, also when the slash came before the verdict", () => {
  assert.deepEqual(recordOf(agreed(1), dissented(2, 9), judged(9), slashed(9)), { inARow: 0, valid: 1, invalid: 1 });
  assert.deepEqual(recordOf(agreed(1), dissented(2, 9), slashed(9), judged(9)), { inARow: 0, valid: 1, invalid: 1 });
  assert.deepEqual(recordOf(agreed(1), judged(9), slashed(9), slashed(9)), { inARow: 0, valid: 1, invalid: 1 });
});

test("a node that nobody checked is not valid", () => {
  assert.deepEqual(recordOf(agreed(1, { paid: 1 })), NO_REPUTATION);
  assert.deepEqual(recordOf(agreed(1, { paid: 1 }), agreed(1, { paid: 2 })).inARow, 1);
});

test("whatever happens in chosen leases, no record changes: wash trading there gains nothing and ruins nobody", () => {
  const chosen = factOf(fc.constant(false)).filter(({ kind }) => kind !== "slashed");
  fc.assert(
    fc.property(fc.array(factOf(fc.boolean())), fc.array(chosen), fc.nat(), (facts, washed, at) => {
      const cut = at % (facts.length + 1);
      const mixed = [...facts.slice(0, cut), ...washed, ...facts.slice(cut)];
      assert.deepEqual(foldReputations(mixed), foldReputations(facts));
    }),
  );
});

test("zero after an invalid, whatever the record was", () => {
  fc.assert(
    fc.property(fc.array(factOf(fc.boolean())), (facts) => {
      const records = foldReputations([...facts, slashed(99)]);
      assert.equal(records.get(A)?.inARow, 0);
      for (const [of, before] of foldReputations(facts)) {
        if (of !== A) assert.deepEqual(records.get(of), before);
      }
    }),
  );
});

test("fresh keys gain nothing: none is believed more than any old key, and leases spread over keys count for less", () => {
  const verdicts = fc.array(fc.constantFrom<Verdict>("valid", "invalid"));
  fc.assert(
    fc.property(verdicts, (history) => {
      const old = history.reduce(nextReputation, NO_REPUTATION);
      assert.ok(errorRate(NO_REPUTATION.inARow) >= errorRate(old.inARow));
      assert.ok(spotCheckShare(NO_REPUTATION.inARow) >= spotCheckShare(old.inARow));
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.constantFrom(A, B)), (nodes) => {
      const spread = foldReputations(nodes.map((of, lease) => agreed(lease, { node: of })));
      const whole = foldReputations(nodes.map((_, lease) => agreed(lease))).get(A) ?? NO_REPUTATION;
      const sum = [A, B].reduce((rows, of) => rows + (spread.get(of)?.inARow ?? 0), 0);
      assert.equal(sum, whole.inARow);
    }),
  );
});

test("a newcomer is expected to be wrong once in ten, one that is trusted for the first time once in twenty", () => {
  assert.deepEqual([0, 10, 90, 990].map(errorRate), [1 / 10, 1 / 20, 1 / 100, 1 / 1_000]);
});

test("below ten in a row every job is replicated, then one in as many as the row is long", () => {
  for (let inARow = 0; inARow < TRUSTED_FROM; inARow++) assert.equal(spotCheckShare(inARow), 1);
  assert.equal(TRUSTED_FROM, 10);
  assert.equal(spotCheckShare(10), 1 / 10);
  assert.equal(spotCheckShare(400), 1 / 400);
});

test("a marketplace's word is worth ten answers at most, and none against what the consumer has seen", () => {
  const reputation = fc.record({ inARow: fc.nat(), valid: fc.nat(), invalid: fc.nat(3) });
  fc.assert(
    fc.property(reputation, reputation, (told, own) => {
      const believed = believedInARow(told, own);
      assert.ok(believed >= own.inARow && believed <= own.inARow + TRUSTED_FROM);
      if (own.invalid > 0) assert.equal(believed, own.inARow);
    }),
  );
  assert.equal(believedInARow({ inARow: 4, valid: 4, invalid: 0 }, NO_REPUTATION), 4);
});
