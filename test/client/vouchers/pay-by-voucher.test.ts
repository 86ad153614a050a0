// Jobs in a rented lease, paid by its voucher; and every way in which that does not do.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Hex } from "viem";
import { paysByVoucher } from "#client/vouchers/payer-account.ts";
import type { ProtocolError } from "#protocol/protocol-error.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import type { LeaseId } from "#protocol/units.ts";
import { type FakeMarket, fakeMarket } from "../fake/fake-market.ts";
import type { Behaviour } from "../fake/fake-node.ts";
import { Killed } from "../fake/memory-store.ts";

const HONEST: readonly Behaviour[] = ["honest", "honest", "honest"];

async function payerOf({ store }: FakeMarket, lease: string) {
  const record = await store.lease(lease);
  assert.ok(paysByVoucher(record));
  return record.payer;
}

const heldBy = ({ nodes }: FakeMarket, lease: Hex) => nodes.map(({ payee }) => payee.held.get(lease));

/** What each node would have in the end: what the chain paid it, and what its valid voucher adds. */
function owed(market: FakeMarket, lease: Hex): bigint[] {
  const state = market.ledger.leases.get(lease);
  return market.nodes.map(({ node, payee }) => {
    const settled = [...market.ledger.settlements.values()].flatMap(({ payments }) => payments);
    const forced = settled.filter((payment) => payment.node === node).reduce((sum, { amount }) => sum + amount, 0n);
    const held = payee.held.get(lease as LeaseId);
    const valid = held?.forced === state?.forced ? held?.perNode : undefined;
    return forced + (valid ?? state?.paidPerNode ?? 0n);
  });
}

test("five jobs in a rented lease are paid by one voucher that every node has, and by no transaction", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  let sum = 0n;
  for (let nonce = 1; nonce <= 5; nonce++) {
    const result = await market.run([`job ${nonce}`], {}, { lease });
    assert.equal(result.payment.kind, "voucher");
    assert.ok(result.payment.kind === "voucher");
    assert.deepEqual([result.payment.lease, result.payment.nonce], [lease, nonce]);
    assert.equal(result.settlementTransaction, null);
    assert.deepEqual(new Set(result.paid.map(({ amount }) => amount)), new Set([result.payment.amount]));
    sum += result.payment.amount;
    const expected: Voucher = { lease: lease as LeaseId, perNode: sum, upTo: nonce, forced: 0, last: false };
    assert.deepEqual(heldBy(market, lease), [expected, expected, expected]);
  }
  assert.ok(sum > 0n);
  assert.equal(market.ledger.settlements.size, 0);
  // No node was ever shown more than what was received and checked by then.
  for (const { payee } of market.nodes) {
    assert.deepEqual(
      payee.shown.map(({ upTo }) => upTo),
      [1, 2, 3, 4, 5],
    );
  }
});

test("no node is ever shown a voucher for more than the answers that are checked and kept", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  let price = 0n;
  let shown = 0;
  for (const node of market.nodes) {
    const handVoucher = node.handVoucher.bind(node);
    node.handVoucher = async (submission, options) => {
      const kept = (await market.store.jobs()).filter(({ attempts }) => attempts[0]?.responses).length;
      const { perNode } = submission.voucher.message;
      assert.ok(price === 0n || perNode <= price * BigInt(kept), `${perNode} for ${kept} answers of ${price}`);
      shown++;
      return handVoucher(submission, options);
    };
  }
  price = (await market.run(["a"], {}, { lease })).paid[0]?.amount ?? 0n;
  const [culprit] = market.nodes;
  assert.ok(culprit && price > 0n);
  for (const behaviour of ["lies", "honest", "misses-vouchers", "honest", "dies-after-commitment", "honest"] as const) {
    culprit.behaviour = behaviour;
    await Promise.all(["b", "c"].map((body) => market.run([body], {}, { lease })));
  }
  assert.ok(shown > 20, `${shown} vouchers shown`);
  const held = heldBy(market, lease)[0];
  assert.ok(held && held.perNode > 5n * price);
});

test("a one-shot job is settled, as before", async () => {
  const market = await fakeMarket(HONEST);
  const result = await market.run();
  assert.equal(result.payment.kind, "settlement");
  assert.equal(market.ledger.settlements.size, 1);
  assert.ok(market.nodes.every(({ payee }) => payee.shown.length === 0));
});

test("a dear node takes the lower median, since it is shown what the others asked", async () => {
  const market = await fakeMarket(HONEST, [100n, 300n, 700n]);
  const { lease } = await market.rent();
  const first = await market.run(["a"], {}, { lease });
  const second = await market.run(["b"], {}, { lease });
  assert.ok(first.payment.kind === "voucher" && second.payment.kind === "voucher");
  const prices = first.attestations.map(({ message }) => message.price).toSorted((a, b) => Number(a - b));
  assert.equal(first.payment.amount, prices[1]);
  assert.deepEqual(owed(market, lease), Array(3).fill(first.payment.amount + second.payment.amount));
});

describe("where the committee does not agree, the order is settled and the earlier ones are signed for anew", () => {
  for (const behaviour of ["lies", "is-dead", "overprices"] as const) {
    test(behaviour, async () => {
      const market = await fakeMarket(HONEST);
      const { lease } = await market.rent();
      const first = await market.run(["a"], {}, { lease });
      assert.ok(first.payment.kind === "voucher");
      const [culprit] = market.nodes;
      assert.ok(culprit);
      culprit.behaviour = behaviour;
      const second = await market.run(["b"], {}, { lease });
      assert.equal(second.payment.kind, "settlement");
      assert.equal(second.paid.length, 2);
      culprit.behaviour = "honest";
      const third = await market.run(["c"], {}, { lease });
      assert.ok(third.payment.kind === "voucher");
      const sum = first.payment.amount + third.payment.amount;
      const voucher = { lease, perNode: sum, upTo: 3, forced: 1, last: false };
      assert.deepEqual(heldBy(market, lease), [voucher, voucher, voucher]);
      assert.deepEqual(
        owed(market, lease).map((amount) => amount - sum),
        market.nodes.map((node) => (node === culprit ? 0n : (second.paid[0]?.amount ?? 0n))),
      );
    });
  }
});

test("a node that refuses is named with its reason, the order is settled at once, and the answer is here", async () => {
  const market = await fakeMarket(["honest", "refuses-vouchers", "honest"]);
  const { lease } = await market.rent();
  const start = market.world.clock.now();
  const result = await market.run(["hello"], {}, { lease });
  assert.equal(new TextDecoder().decode(result.responses[0]?.body), "HELLO");
  assert.equal(result.payment.kind, "settlement");
  assert.equal(result.paid.length, 3);
  assert.deepEqual(
    result.voucherRefusals.map(({ node, code }) => [node, code]),
    [[market.nodes[1]?.node, "not-in-committee"]],
  );
  assert.ok(market.world.clock.now() - start < 15_000, "not only after the deadline");
  const prices = result.paid.map(({ amount }) => amount).toSorted();
  assert.deepEqual(owed(market, lease).toSorted(), prices, "those that had taken the voucher are not paid twice");
});

test("a node behind a wall: settled within the bound, and it gets what is owed with the next job", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  const first = await market.run(["a"], {}, { lease });
  const [node] = market.nodes;
  assert.ok(node && first.payment.kind === "voucher");
  node.behaviour = "misses-vouchers";
  const start = market.world.clock.now();
  const second = await market.run(["b"], {}, { lease });
  assert.equal(second.payment.kind, "settlement");
  assert.equal(second.voucherRefusals[0]?.code, "peer-unreachable");
  assert.ok(market.world.clock.now() - start < 20_000);
  assert.equal(node.payee.held.get(lease)?.forced, 0, "its voucher is void");
  node.behaviour = "honest";
  const shown = node.payee.shown.length;
  const third = await market.run(["c"], {}, { lease });
  assert.ok(third.payment.kind === "voucher");
  assert.deepEqual(
    node.payee.shown.slice(shown).map(({ upTo, forced }) => [upTo, forced]),
    [
      [2, 1],
      [3, 1],
    ],
  );
  const each = first.payment.amount + third.payment.amount + (second.paid[0]?.amount ?? 0n);
  assert.deepEqual(owed(market, lease), [each, each, each]);
});

test("a node past its credit is brought the voucher that it lacks, and takes the order then", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  await market.run(["a"], {}, { lease });
  const [node] = market.nodes;
  assert.ok(node);
  // Its disk is from before the voucher.
  node.payee.held.clear();
  node.payee.credit = 0n;
  const refused: string[] = [];
  const submitOrder = node.submitOrder.bind(node);
  node.submitOrder = async (...args) => {
    try {
      return await submitOrder(...args);
    } catch (error) {
      refused.push((error as ProtocolError).code);
      throw error;
    }
  };
  const second = await market.run(["b"], {}, { lease });
  assert.deepEqual(refused, ["voucher-missing"]);
  assert.equal(second.payment.kind, "voucher");
  assert.equal(second.agreed.length, 3);
});

test("jobs at once in one lease, as from several programs, are all paid by its voucher", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  const results = await Promise.all(["a", "b", "c", "d"].map((body) => market.run([body], {}, { lease })));
  const amounts = results.map(({ payment }) => (payment.kind === "voucher" ? payment.amount : assert.fail()));
  const sum = amounts.reduce((total, amount) => total + amount, 0n);
  assert.deepEqual(owed(market, lease), [sum, sum, sum]);
  assert.equal((await payerOf(market, lease)).signed?.upTo, 4);
  for (const { payee } of market.nodes) {
    const uptos = payee.shown.filter(({ forced }) => forced === 0).map(({ upTo }) => upTo);
    assert.deepEqual(uptos, uptos.toSorted());
  }
});

test("an order that is done before one ahead of it waits for no transaction: the slow one hands out both", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  const [node] = market.nodes;
  assert.ok(node);
  node.behaviour = "hangs";
  const slow = market.run(["slow"], {}, { lease });
  while ((await payerOf(market, lease)).orders.length === 0) await market.world.clock.sleep(10);
  await market.world.clock.sleep(1_000);
  node.behaviour = "honest";
  const start = market.world.clock.now();
  const quick = await market.run(["quick"], {}, { lease });
  assert.ok(quick.payment.kind === "voucher");
  assert.deepEqual([quick.payment.handed, quick.payment.nonce], [false, 2]);
  assert.ok(market.world.clock.now() - start < 10_000);
  assert.equal(market.ledger.settlements.size, 0);
  assert.equal((await slow).payment.kind, "settlement");
  const voucher = { lease, perNode: quick.payment.amount, upTo: 2, forced: 1, last: false };
  assert.deepEqual(heldBy(market, lease), [voucher, voucher, voucher]);
});

test("an order that is forced while its voucher is on its way is left out of the next one, which all get", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  await market.run(["a"], {}, { lease });
  const [node] = market.nodes;
  assert.ok(node);
  const handVoucher = node.handVoucher.bind(node);
  node.handVoucher = (submission, options) => {
    // Its committee has claimed the first order in this moment.
    const state = market.ledger.leases.get(lease);
    if (state?.forced === 0) {
      state.forced = 1;
      market.ledger.settled.set(lease, new Set([1]));
    }
    return handVoucher(submission, options);
  };
  const second = await market.run(["b"], {}, { lease });
  assert.ok(second.payment.kind === "voucher");
  const voucher = { lease, perNode: second.payment.amount, upTo: 2, forced: 1, last: false };
  assert.deepEqual(heldBy(market, lease), [voucher, voucher, voucher]);
});

test("a lease whose orders may use it up takes no other job, and says what is promised", async () => {
  const market = await fakeMarket(HONEST);
  const probe = await market.run(["a"]);
  const cost = probe.paid.reduce((sum, { amount }) => sum + amount, 0n);
  const { lease } = await market.rent(2n * cost + 1n);
  await market.run(["a"], {}, { lease });
  await market.run(["a"], {}, { lease });
  const before = market.nodes.map(({ orders }) => orders.size);
  await assert.rejects(market.run(["a"], {}, { lease }), (error: ProtocolError) => {
    assert.deepEqual([error.code, error.context.promised], ["lease-underfunded", 2n * cost]);
    return true;
  });
  assert.deepEqual(
    market.nodes.map(({ orders }) => orders.size),
    before,
  );
});

test("no voucher passes over an order without an answer: the one after it is settled, until nobody can force it", async () => {
  const market = await fakeMarket(HONEST);
  const { lease } = await market.rent();
  const [one, other] = market.nodes;
  assert.ok(one && other);
  [one.behaviour, other.behaviour] = ["lies", "lies-otherwise"];
  await assert.rejects(market.run(["a"], {}, { lease }), { code: "no-quorum" });
  [one.behaviour, other.behaviour] = ["honest", "honest"];
  const second = await market.run(["b"], {}, { lease });
  assert.deepEqual([second.payment.kind, second.voucherRefusals[0]?.code], ["settlement", "order-open"]);
  await market.world.clock.sleep(300_000);
  const third = await market.run(["c"], {}, { lease });
  assert.ok(third.payment.kind === "voucher");
  assert.deepEqual((await payerOf(market, lease)).signed, {
    lease,
    perNode: third.payment.amount,
    upTo: 3,
    forced: 1,
    last: false,
  });
});

test("an order that nodes have cleared before it could be settled is paid once, by the voucher", async () => {
  const market = await fakeMarket(["honest", "honest", "refuses-vouchers"]);
  const { lease } = await market.rent();
  const { settle } = market.ledger;
  // Whoever holds it has it cleared in the very moment.
  market.ledger.settle = async (terms, order, attestations) => {
    const { signed } = await payerOf(market, lease);
    const state = market.ledger.leases.get(lease);
    if (state && signed) Object.assign(state, { paidPerNode: signed.perNode, upTo: signed.upTo });
    return settle(terms, order, attestations);
  };
  const result = await market.run(["a"], {}, { lease });
  assert.equal(result.payment.kind, "voucher");
  assert.equal(result.voucherRefusals[0]?.code, "not-in-committee");
  assert.equal(market.ledger.settlements.size, 0);
});

test("killed at any write, the client signs no less, nothing unchecked and nothing twice, and every job is paid", async () => {
  const script = async (market: FakeMarket, lease: string) => {
    await market.run(["a"], {}, { lease });
    const [culprit] = market.nodes;
    if (culprit) culprit.behaviour = "misses-vouchers";
    await market.run(["b"], {}, { lease });
  };
  const whole = await fakeMarket(HONEST);
  const rented = await whole.rent();
  const before = whole.store.writes;
  await script(whole, rented.lease);
  const writes = whole.store.writes;
  assert.ok(writes - before > 20, `${writes - before} writes`);
  for (let write = before; write < writes; write++) {
    for (const when of ["before", "after"] as const) {
      const label = `write ${write} ${when}`;
      const market = await fakeMarket(HONEST);
      const { lease } = await market.rent();
      market.store.crash = { write, when };
      await assert.rejects(script(market, lease), Killed, label);
      market.store.crash = undefined;
      for (const node of market.nodes) node.behaviour = "honest";
      await market.resume();
      const last = await market.run(["c"], {}, { lease });
      assert.equal(last.payment.kind, "voucher", label);
      assertSound(market, lease, label);
      const paid = (await market.store.jobs()).filter(({ state }) => state === "settled").length;
      const price = last.paid[0]?.amount ?? 0n;
      assert.deepEqual(owed(market, lease), Array(3).fill(price * BigInt(paid)), label);
    }
  }
});

/** Every voucher that any node was shown says no less than the one before it, and never more than was checked. */
function assertSound(market: FakeMarket, lease: Hex, label: string): void {
  for (const { payee } of market.nodes) {
    let previous: Voucher | undefined;
    for (const voucher of payee.shown) {
      const since = previous?.forced === voucher.forced ? previous : undefined;
      assert.ok(!since || (voucher.perNode >= since.perNode && voucher.upTo >= since.upTo), label);
      assert.ok(voucher.forced >= (previous?.forced ?? 0), label);
      previous = voucher;
    }
  }
  assert.equal(new Set(heldBy(market, lease).map((voucher) => JSON.stringify(voucher, text))).size, 1, label);
}

function text(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
