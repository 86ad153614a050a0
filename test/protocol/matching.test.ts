import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Address, Hex } from "viem";
import { expectedPrice, matchBid, REFUSALS, type RefusalReason } from "#protocol/matching.ts";
import type { Bid, Offer } from "#protocol/signed-messages.ts";

const NOW = 1_000_000;
const address = (index: number) => `0x${index.toString(16).padStart(40, "0")}` as Address;
const rates = { job: 10n, fuel: 10n, memory: 10n, bytes: 10n, events: 10n };

function offer(index: number, change: Partial<Offer> = {}): Offer {
  return {
    node: address(index),
    owner: address(1_000 + index),
    endpoint: "http://127.0.0.1:1",
    runtime: "r1",
    isolation: "kernel",
    scopes: ["network:home"],
    slots: 1,
    memoryPages: 100,
    rates,
    sequence: 1n,
    validFrom: NOW - 10,
    validUntil: NOW + 10,
    ...change,
  };
}

function bid(change: Partial<Bid> = {}): Bid {
  return {
    consumer: address(9_999),
    image: `0x${"00".repeat(32)}` as Hex,
    runtime: "r1",
    isolation: "process",
    scope: "any",
    replicas: 3,
    quorumBps: 6_666,
    memoryPages: 50,
    fuel: 1_000_000_000n,
    maxRates: rates,
    budget: 1_000_000n,
    deadlineSeconds: 60,
    salt: `0x${"00".repeat(32)}` as Hex,
    validFrom: NOW - 10,
    validUntil: NOW + 10,
    ...change,
  };
}

/** For every refusal by itself, an offer that fails in it and in nothing before it. */
const FAULTS: Readonly<Record<Exclude<RefusalReason, "owner-already-chosen" | "not-among-cheapest">, Partial<Offer>>> =
  {
    "offer-not-yet-valid": { validFrom: NOW + 1 },
    "offer-expired": { validUntil: NOW },
    "node-banned": { node: address(77) },
    "runtime-differs": { runtime: "r2" },
    "isolation-too-weak": { isolation: "process" },
    "scope-not-served": { scopes: [] },
    "memory-too-small": { memoryPages: 49 },
    "no-free-slot": { slots: 0 },
    "rate-too-high": { rates: { ...rates, bytes: 11n } },
  };
const strict = bid({ isolation: "kernel", scope: "network:home" });
const options = { now: NOW, banned: new Set([address(77)]) };
const good = [offer(1), offer(2), offer(3)];

for (const [reason, fault] of Object.entries(FAULTS)) {
  test(`an offer is refused for ${reason}`, () => {
    const { refusals, committee } = matchBid(strict, [...good, offer(4, fault)], options);
    assert.deepEqual(
      refusals.map((refusal) => refusal.reason),
      [reason],
    );
    assert.equal(committee.length, 3);
  });
}

test("of several faults the first in the stated order is the reason", () => {
  const faults = Object.entries(FAULTS) as [RefusalReason, Partial<Offer>][];
  fc.assert(
    fc.property(fc.subarray(faults, { minLength: 1 }), (chosen) => {
      const window = chosen.filter(
        ([reason]) => reason !== "offer-expired" || !chosen.some(([r]) => r === "offer-not-yet-valid"),
      );
      const faulty = offer(4, Object.assign({}, ...window.map(([, fault]) => fault)));
      const { refusals } = matchBid(strict, [...good, faulty], options);
      const first = REFUSALS.find((reason) => window.some(([chosenReason]) => chosenReason === reason));
      assert.deepEqual(
        refusals.map(({ reason }) => reason),
        [first],
      );
    }),
  );
});

test("the committee is the cheapest, one node an owner, ascending, and does not depend on the order of offers", () => {
  const generated = fc.array(
    fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 8 }), fc.bigInt({ min: 0n, max: 10n })),
    {
      maxLength: 20,
    },
  );
  fc.assert(
    fc.property(generated, fc.integer({ min: 1, max: 5 }), (list, replicas) => {
      const unique = new Map(
        list.map(([node, owner, job]) => [
          node,
          offer(node, { owner: address(1_000 + owner), rates: { ...rates, job } }),
        ]),
      );
      const offers = [...unique.values()];
      const wanted = bid({ replicas });
      const match = matchBid(wanted, offers, { now: NOW });
      assert.deepEqual(matchBid(wanted, offers.toReversed(), { now: NOW }).committee, match.committee);
      const owners = new Set(offers.map(({ owner }) => owner));
      assert.equal(match.committee.length, owners.size >= replicas ? replicas : 0);
      assert.equal(new Set(match.committee.map(({ owner }) => owner)).size, match.committee.length);
      assert.deepEqual(
        match.committee.map(({ node }) => node),
        match.committee.map(({ node }) => node).toSorted(),
      );
      const cheapest = [...owners]
        .map((owner) => offers.filter((each) => each.owner === owner).map((each) => expectedPrice(wanted, each.rates)))
        .map((prices) => prices.toSorted((a, b) => Number(a - b))[0] ?? 0n)
        .toSorted((a, b) => Number(a - b))
        .slice(0, match.committee.length);
      assert.equal(
        match.expectedCost,
        cheapest.reduce((a, b) => a + b, 0n),
      );
    }),
  );
});

test("a bid without a committee says why", () => {
  assert.equal(matchBid(bid({ validFrom: NOW + 1 }), good, { now: NOW }).failure?.code, "bid-not-yet-valid");
  assert.equal(matchBid(bid({ validUntil: NOW }), good, { now: NOW }).failure?.code, "bid-expired");
  const few = matchBid(bid(), [offer(1), offer(2), offer(3, { owner: address(1_001) })], { now: NOW });
  assert.equal(few.failure?.code, "too-few-offers");
  assert.deepEqual(
    few.refusals.map(({ reason }) => reason),
    ["owner-already-chosen"],
  );
  const poor = matchBid(bid({ budget: 62n }), good, { now: NOW });
  assert.deepEqual([poor.failure?.code, poor.committee.length, poor.expectedCost], ["budget-too-small", 0, 63n]);
});
