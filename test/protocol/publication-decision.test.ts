import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gasCost } from "#protocol/clearing-decision.ts";
import { LIMITS } from "#protocol/limits.ts";
import { claimPublicationBytes, forcingPublicationBytes, publishingGas } from "#protocol/publication-decision.ts";
import { type ClaimQuestion, claimGas, forcingGas, type RescueQuestion, type Said } from "#protocol/rescue-decision.ts";

const said = (index: number): Said => ({
  node: `0x0${index}`.padEnd(42, "0") as Said["node"],
  resultHash: "0x11",
  price: 100n,
});
/** So dear that a thousand gas cost a unit. */
const DEAR = { gasPrice: 10n ** 9n, coinPrice: 10n ** 6n, costShareBps: 5_000, accusationCost: 0n };
const FREE = { ...DEAR, gasPrice: 0n };
const FORCED: RescueQuestion = {
  ...{
    now: 131,
    attestedAt: 0,
    deadline: 100,
    graceSeconds: 1_000,
    maxPrice: 1_000n,
    forceFee: 300n,
    quorumBps: 6_666,
  },
  ...{ committee: 3, rank: 0, own: said(1), others: [said(2), said(3)], costs: DEAR },
  ...{ paid: false, covered: false, claimed: false, claimRefused: false, dissentersAccused: false },
};
const CLAIM: ClaimQuestion = {
  ...{ now: 121, graceSeconds: 1_000, committee: 3, rank: 0, perNode: 200n, moreFollow: false, costs: DEAR },
  orders: [100, 120].map((deadline) => ({ deadline, forceFee: 200n })),
};

test("a node publishes as much as its share of the gain leaves beside the call itself", () => {
  const call = { gas: forcingGas(3), nodes: 3, orders: 1 };
  // 400 units, half of which are 200,000 gas.
  const bytes = forcingPublicationBytes(FORCED);
  assert.ok(bytes > 0);
  assert.ok(gasCost(publishingGas(call, bytes), DEAR) <= 200n);
  assert.ok(gasCost(publishingGas(call, bytes + 1), DEAR) > 200n);
  // When time is short all but a unit of the gain.
  const late = forcingPublicationBytes({ ...FORCED, now: 850 });
  assert.ok(late > bytes);
  assert.ok(gasCost(publishingGas(call, late), DEAR) < 400n && gasCost(publishingGas(call, late + 1), DEAR) >= 400n);
  // In time there is no fee, and the call alone costs more than the share.
  assert.equal(forcingPublicationBytes({ ...FORCED, now: 60 }), 0);
});

test("so it does with a claim", () => {
  const call = { gas: claimGas(3, 2), nodes: 3, orders: 2 };
  const bytes = claimPublicationBytes(CLAIM);
  assert.ok(gasCost(publishingGas(call, bytes), DEAR) <= 300n && gasCost(publishingGas(call, bytes + 1), DEAR) > 300n);
  const late = claimPublicationBytes({ ...CLAIM, now: 600 });
  assert.ok(late > bytes && gasCost(publishingGas(call, late), DEAR) < 600n);
});

test("where gas costs nothing a publication has its limit, and less beside very many orders; who sends nothing, none", () => {
  assert.equal(forcingPublicationBytes({ ...FORCED, costs: FREE }), LIMITS.publicationBytes);
  assert.equal(forcingPublicationBytes({ ...FORCED, costs: undefined }), 0);
  assert.equal(claimPublicationBytes({ ...CLAIM, costs: undefined }), 0);
  const orders = Array.from({ length: LIMITS.claimOrders }, () => ({ deadline: 100, forceFee: 1n }));
  const beside = claimPublicationBytes({ ...CLAIM, orders, costs: FREE });
  assert.ok(beside > 0 && beside < LIMITS.publicationBytes);
});

test("the gas with results is enough for what the snapshot measured, and less than twice as much", () => {
  const path = new URL("../contracts/gas-snapshot.json", import.meta.url);
  const measured: Record<string, number> = JSON.parse(readFileSync(path, "utf8"));
  const gas = measured["claim of 10 with results"] ?? 0;
  // Ten results of 64 bytes each, and what encloses them.
  const expected = publishingGas({ gas: claimGas(3, 10), nodes: 3, orders: 10 }, 10 * 122 + 15);
  assert.ok(gas <= Number(expected) && Number(expected) < 2 * gas, `${gas} measured, ${expected} expected`);
});
