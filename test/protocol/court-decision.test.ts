import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Hex } from "viem";
import {
  appealGas,
  type DefenceQuestion,
  type DutyQuestion,
  decideDefence,
  decideDuty,
  punishGas,
  recordsNow,
} from "#protocol/court-decision.ts";
import type { Said } from "#protocol/rescue-decision.ts";
import type { NodeId } from "#protocol/units.ts";
import { verdictSeats } from "#protocol/verdict.ts";

const TRUTH: Hex = `0x${"11".repeat(32)}`;
const LIE: Hex = `0x${"22".repeat(32)}`;
const id = (index: number) => `0x${index.toString(16).padStart(40, "0")}` as NodeId;
const said = (index: number, resultHash = TRUTH): Said => ({ node: id(index), resultHash, price: 100n });
const FREE = { gasPrice: 0n, coinPrice: 0n, courtCost: 0n, accusationCost: 0n };
/** So dear that an appeal by three costs 0.47 tokens. */
const DEAR = { ...FREE, gasPrice: 10n ** 9n, coinPrice: 10n ** 9n };
/** Due at 100, to be appealed until 2,100 and punished until 4,100; this node stands alone and is accused. */
const ACCUSED: DefenceQuestion = {
  now: 200,
  deadline: 100,
  graceSeconds: 1_000,
  quorumBps: 6_000,
  committee: 3,
  rank: 0,
  own: said(1),
  others: [said(2, LIE), said(3, LIE)],
  accused: [id(1)],
  appealed: false,
  costs: FREE,
};
/** The same dispute for one of those who agree. */
const AGREEING: Partial<DefenceQuestion> = { own: said(2, LIE), others: [said(1), said(3, LIE)] };
const defend = (change: Partial<DefenceQuestion>) => decideDefence({ ...ACCUSED, ...change });

test("who is accused appeals at once, while it can and if its owner pays for it", () => {
  assert.equal(defend({}).step, "appeal");
  assert.equal(defend({ now: 2_100 }).step, "appeal");
  assert.deepEqual(defend({ now: 2_101 }), { step: "nothing", because: "the appeal is over" });
  assert.deepEqual(defend({ appealed: true }), { step: "nothing", because: "the jury has the word" });
  assert.deepEqual(defend({ others: [] }), { step: "ask", because: "nobody shows the others' attestations" });
  // Its accusers need not show it anything.
  assert.equal(defend({ others: [], now: 1_599 }).step, "ask");
  assert.equal(defend({ others: [], now: 1_600 }).step, "appeal");
  assert.equal(defend({ others: [said(2), said(3)], now: 2_100 }).step, "appeal");
  assert.deepEqual(defend({ costs: DEAR }), { step: "wait", because: "the gas costs too much" });
  assert.equal(defend({ costs: { ...DEAR, courtCost: appealGas(3) } }).step, "appeal");
  assert.deepEqual(defend({ costs: undefined }), { step: "nothing", because: "the node pays for no gas" });
});

test("who agrees waits for an appeal, and then has the accused punished, one after the other", () => {
  assert.deepEqual(defend({ ...AGREEING }), { step: "wait", because: "the accused may still appeal" });
  assert.equal(defend({ ...AGREEING, now: 2_101 }).step, "punish");
  assert.deepEqual(defend({ ...AGREEING, now: 2_109, rank: 1 }), {
    step: "wait",
    because: "another node goes first",
  });
  assert.equal(defend({ ...AGREEING, now: 2_111, rank: 1 }).step, "punish");
  assert.equal(defend({ ...AGREEING, now: 2_101, accused: [] }).because, "there is no majority");
  assert.equal(defend({ ...AGREEING, now: 2_101, costs: DEAR }).because, "the gas costs too much");
  const willing = { ...DEAR, accusationCost: punishGas(3) };
  assert.equal(defend({ ...AGREEING, now: 2_101, costs: willing }).step, "punish");
  assert.equal(defend({ ...AGREEING, now: 4_101 }).because, "too late");
});

test("nobody appeals against nobody, out of time, or over a case, and nobody is punished in time to appeal", () => {
  const anySaid = fc
    .tuple(fc.integer({ min: 2, max: 5 }), fc.boolean())
    .map(([i, lies]) => said(i, lies ? LIE : TRUTH));
  const questions = fc.record({
    now: fc.integer({ min: 0, max: 5_000 }),
    rank: fc.integer({ min: 0, max: 4 }),
    committee: fc.constant(5),
    others: fc.uniqueArray(anySaid, { selector: ({ node }) => node }),
    accused: fc.uniqueArray(fc.integer({ min: 1, max: 5 }).map(id)),
    appealed: fc.boolean(),
    costs: fc.constantFrom(FREE, DEAR, undefined),
  });
  fc.assert(
    fc.property(questions, (change) => {
      const { step } = defend(change);
      const { now, others, accused, appealed, costs } = change;
      const liars = others.filter(({ resultHash }) => resultHash !== TRUTH);
      if (step === "appeal") {
        assert.ok(!appealed && now <= 2_100 && accused.includes(id(1)) && costs === FREE);
        assert.ok(liars.length > 0 || now >= 1_600);
      }
      if (step === "punish") {
        assert.ok(!appealed && now > 2_100 && now <= 4_100 && !accused.includes(id(1)) && costs === FREE);
        assert.ok(liars.some(({ node }) => accused.includes(node)));
        assert.ok(others.length - liars.length + 1 >= 3);
      }
    }),
  );
});

/** A jury of 31 whose case is open from 0 to 4,000; enough signed at 1,000. */
const SEATED: DutyQuestion = {
  now: 1_000,
  closesAt: 4_000,
  state: "open",
  seat: 0,
  seats: 31,
  own: TRUTH,
  alike: 31,
  voices: 31,
  readySince: 1_000,
  liars: 0,
  attestations: 3,
  costs: FREE,
};
const serve = (change: Partial<DutyQuestion>) => decideDuty({ ...SEATED, ...change });

test("a juror judges, gathers, and hands in a verdict of more than two thirds when it is its turn", () => {
  assert.equal(serve({ own: undefined, alike: 0, voices: 0 }), "judge");
  assert.equal(serve({ alike: 20 }), "gather");
  assert.equal(serve({}), "decide");
  assert.equal(serve({ alike: 21, voices: 30 }), "gather");
  assert.equal(serve({ alike: 21, voices: 30, now: 1_060 }), "decide");
  assert.equal(serve({ seat: 2, now: 1_019 }), "wait");
  assert.equal(serve({ seat: 2, now: 1_020 }), "decide");
  assert.equal(serve({ costs: undefined }), "wait");
  assert.equal(serve({ costs: DEAR }), "wait");
  assert.equal(serve({ now: 4_001 }), "nothing");
  assert.equal(serve({ state: "decided", liars: 1 }), "punish");
  assert.equal(serve({ state: "decided" }), "pay");
  assert.equal(serve({ state: "closed", liars: 1 }), "nothing");
});

test("every juror has its turn before the case closes, and none hands in less than two thirds", () => {
  const questions = fc.record({
    now: fc.integer({ min: 1_000, max: 4_500 }),
    seat: fc.integer({ min: 0, max: 30 }),
    alike: fc.integer({ min: 0, max: 31 }),
    voices: fc.integer({ min: 0, max: 31 }),
    readySince: fc.integer({ min: 1_000, max: 4_000 }),
  });
  fc.assert(
    fc.property(questions, (change) => {
      const step = serve(change);
      if (step === "decide") assert.ok(change.alike >= verdictSeats(31) && change.now <= 4_000);
      const enough = { ...change, alike: 31, voices: 31, now: 4_000 };
      assert.equal(serve(enough), "decide");
    }),
  );
});

test("some node records a beacon at once or soon, and all of them within little more than a minute", () => {
  for (let i = 1; i < 40; i++) assert.ok(recordsNow(1_070, 1_000, TRUTH, id(i)));
  assert.ok([...Array(40).keys()].some((i) => recordsNow(1_000, 1_000, TRUTH, id(i))));
  assert.ok([...Array(40).keys()].some((i) => !recordsNow(1_000, 1_000, TRUTH, id(i))));
});
