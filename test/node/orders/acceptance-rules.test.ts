import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ChainFacts,
  type NodeFacts,
  refuseMessage,
  refuseOrder,
  smallestPrice,
} from "#node/orders/acceptance-rules.ts";
import type { KeptSubmission } from "#node/store/order-record.ts";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { JobOrder } from "#protocol/signed-messages.ts";
import { makeOrder, newKey, RATES, unixNow } from "../order-fixture.ts";

interface Case {
  submission: KeptSubmission;
  facts: NodeFacts;
  chain: ChainFacts;
}

const now = unixNow();
const node = newKey().address;
const { submission: whole } = await makeOrder({ nodes: [node, newKey().address, newKey().address], jobs: 2 });
const { token: _token, ...submission } = whole;

const good: Case = {
  submission,
  facts: {
    node,
    now,
    signatureProblem: undefined,
    rates: RATES,
    memoryPages: 1_024,
    nonceTaken: false,
    promised: 0n,
    liveOrders: 0,
    liveOrdersMax: 8,
    liveOrdersOfLease: 0,
    freeBlobBytes: 1_000_000,
  },
  chain: {
    lease: { remaining: 3_000_000n, expiry: now + 3_600, open: true, upTo: 0, paidPerNode: 0n, forced: 0 },
    nonceSettled: false,
  },
};

const message = (base: Case, change: Partial<JobOrder>): Case => ({
  ...base,
  submission: {
    ...base.submission,
    order: { ...base.submission.order, message: { ...base.submission.order.message, ...change } },
  },
});
const facts = (base: Case, change: Partial<NodeFacts>): Case => ({ ...base, facts: { ...base.facts, ...change } });
const lease = (base: Case, change: Partial<NonNullable<ChainFacts["lease"]>>): Case => ({
  ...base,
  chain: {
    ...base.chain,
    lease: { ...(good.chain.lease as NonNullable<ChainFacts["lease"]>), ...base.chain.lease, ...change },
  },
});
const blobs = (base: Case, change: (blobs: KeptSubmission["blobs"]) => KeptSubmission["blobs"]): Case => ({
  ...base,
  submission: { ...base.submission, blobs: change(base.submission.blobs) },
});

/** One way to break each rule, in the order in which the rules decide. */
const BREAKS: readonly (readonly [code: string, breaks: (base: Case) => Case])[] = [
  [
    "signature-invalid",
    (base) => facts(base, { signatureProblem: new ProtocolError("unauthorized", "signature-invalid", "No.") }),
  ],
  ["lease-differs", (base) => message(base, { lease: `0x${"11".repeat(32)}` })],
  ["not-in-committee", (base) => facts(base, { node: newKey().address })],
  ["jobs-differ", (base) => message(base, { jobs: `0x${"22".repeat(32)}` })],
  ["deadline-out-of-range", (base) => message(base, { deadline: now + LIMITS.orderSecondsMin - 1 })],
  ["order-outlives-lease", (base) => lease(base, { expiry: now + 1 })],
  ["quorum-out-of-range", (base) => message(base, { quorumBps: 5_000 })],
  ["blobs-too-large", (base) => blobs(base, (all) => all.map((blob) => ({ ...blob, size: LIMITS.orderBlobBytes })))],
  ["blob-repeated", (base) => blobs(base, (all) => [...all.slice(0, 2), ...all.slice(0, 2)])],
  ["blob-undeclared", (base) => blobs(base, (all) => all.slice(0, -1))],
  ["lease-not-live", (base) => lease(base, { open: false })],
  ["lease-underfunded", (base) => lease(message(base, { forceFee: 1n }), { remaining: 0n })],
  ["price-cap-too-low", (base) => message(base, { maxPrice: 0n })],
  ["job-too-large", (base) => facts(base, { memoryPages: 1 })],
  ["nonce-used", (base) => facts(base, { nonceTaken: true })],
  ["queue-full", (base) => facts(base, { liveOrders: 8 })],
  ["lease-busy", (base) => facts(base, { liveOrdersOfLease: 16 })],
  ["storage-full", (base) => facts(base, { freeBlobBytes: 0 })],
];

const refusedFor = (one: Case) => refuseOrder(one.submission, one.facts, one.chain)?.code;

test("a good order is accepted", () => {
  assert.equal(refusedFor(good), undefined);
});

for (const [code, breaks] of BREAKS) {
  test(`refuses: ${code}`, () => {
    const refused = refuseOrder(breaks(good).submission, breaks(good).facts, breaks(good).chain);
    assert.equal(refused?.code, code);
    assert.ok(code === "signature-invalid" || refused?.hint, "a refusal says what to do next");
  });
}

test("of two reasons the first in the stated order decides", () => {
  for (const [first, [code, breaks]] of BREAKS.entries()) {
    for (const [later, breaksToo] of BREAKS.slice(first + 1)) {
      // The same blobs cannot be both repeated and absent.
      if (code === "blob-repeated" && later === "blob-undeclared") continue;
      assert.equal(refusedFor(breaks(breaksToo(good))), code, `${code} before ${later}`);
    }
  }
});

test("what the message alone decides needs no chain", () => {
  for (const [code, breaks] of BREAKS.slice(0, 5)) {
    const one = breaks(good);
    assert.equal(refuseMessage(one.submission, one.facts)?.code, code);
  }
  for (const [, breaks] of BREAKS.slice(5)) {
    const one = breaks(good);
    assert.equal(refuseMessage(one.submission, one.facts), undefined);
  }
});

test("other ways to break the same rules", () => {
  const cases: readonly (readonly [string, Case])[] = [
    ["deadline-out-of-range", message(good, { deadline: now + LIMITS.orderSecondsMax + 1 })],
    ["quorum-out-of-range", message(good, { quorumBps: 10_001 })],
    ["lease-not-live", { ...good, chain: { lease: undefined, nonceSettled: false } }],
    ["nonce-used", { ...good, chain: { ...good.chain, nonceSettled: true } }],
    ["nonce-used", lease(good, { upTo: 1 })],
    ["nonce-used", message(good, { nonce: 0 })],
    ["lease-underfunded", facts(good, { promised: 1n })],
    ["lease-underfunded", message(good, { forceFee: 1n })],
  ];
  for (const [code, one] of cases) assert.equal(refusedFor(one), code);
});

test("a cap at the smallest possible price is accepted, one unit below it is not", () => {
  const least = smallestPrice(submission, RATES);
  assert.equal(refusedFor(message(good, { maxPrice: least })), undefined);
  assert.equal(refusedFor(message(good, { maxPrice: least - 1n })), "price-cap-too-low");
});
