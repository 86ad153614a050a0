// A node's ledger against consumers who sign whatever they like, and against an honest one.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  clearable,
  clearBy,
  type LeaseFunds,
  type PayeeLedger,
  type PayeeOrder,
  refuseToServe,
  refuseVoucher,
  unsignedWork,
} from "#protocol/payee-ledger.ts";
import { nextVoucher, noteChecked, noteOrder, openPayerLedger } from "#protocol/payer-ledger.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import type { LeaseId } from "#protocol/units.ts";
import { dueOf, voucherPrice } from "#protocol/voucher-price.ts";

const LEASE = `0x${"11".repeat(32)}` as LeaseId;
const CREDIT = 60n;
const FUNDS: LeaseFunds = { remaining: 3_000n, paidPerNode: 0n, upTo: 0, forced: 0, committee: 3 };
const NEW: PayeeLedger = { orders: [], held: undefined, chain: FUNDS };

const order = (nonce: number, due: bigint, standing: PayeeOrder["standing"] = "served"): PayeeOrder => ({
  nonce,
  standing,
  due,
  forcibleUntil: 100 + nonce,
});
const voucher = (perNode: bigint, upTo: number, change: Partial<Voucher> = {}): Voucher => ({
  lease: LEASE,
  perNode,
  upTo,
  forced: 0,
  last: false,
  ...change,
});
const code = (ledger: PayeeLedger, offered: Voucher) => refuseVoucher(ledger, offered)?.code;

interface Step {
  readonly kind: "accept" | "serve" | "voucher" | "force" | "clear";
  readonly pick: number;
  readonly perNode: number;
}
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step["kind"]>(
      "accept",
      "accept",
      "serve",
      "serve",
      "voucher",
      "voucher",
      "voucher",
      "force",
      "clear",
    ),
    pick: fc.nat(1_000),
    perNode: fc.nat(300),
  }),
  { minLength: 20, maxLength: 80, size: "max" },
);

function take(ledger: PayeeLedger, { kind, pick, perNode }: Step, live: { served: number }): PayeeLedger {
  const { orders, chain, held } = ledger;
  const change = (nonce: number, fields: Partial<PayeeOrder>) =>
    orders.map((each) => (each.nonce === nonce ? { ...each, ...fields } : each));
  const nonce = orders.length + 1;
  if (kind === "accept") {
    const refused = refuseToServe(ledger, nonce, CREDIT);
    if (unsignedWork(ledger) > CREDIT) assert.equal(refused?.code, "voucher-missing");
    return refused ? ledger : { ...ledger, orders: [...orders, order(nonce, 0n, "open")] };
  }
  if (kind === "serve") {
    const open = orders.find(({ standing }) => standing === "open");
    live.served += open ? 1 : 0;
    return open ? { ...ledger, orders: change(open.nonce, { standing: "served", due: BigInt(pick % 50) }) } : ledger;
  }
  if (kind === "voucher") {
    const fields = { forced: pick % 5 === 0 ? chain.forced + 1 : chain.forced, last: pick % 11 === 0 };
    const offered = voucher(BigInt(perNode), pick % (orders.length + 2), fields);
    return refuseVoucher(ledger, offered) ? ledger : { ...ledger, held: offered };
  }
  if (kind === "force") {
    const forced = orders.filter((each) => each.standing === "served" && each.nonce > chain.upTo)[0];
    if (!forced) return ledger;
    return {
      ...ledger,
      orders: change(forced.nonce, { standing: "forced" }),
      chain: { ...chain, forced: chain.forced + 1 },
    };
  }
  const gain = clearable(ledger);
  if (!held || held.forced !== chain.forced || held.upTo < chain.upTo) return ledger;
  const remaining = chain.remaining - gain * BigInt(chain.committee);
  return { ...ledger, chain: { ...chain, remaining, paidPerNode: held.perNode, upTo: held.upTo } };
}

test("what is cleared, can be cleared and can be forced is never less than what was served, whatever is signed", () => {
  const live = { served: 0 };
  let taken = 0;
  fc.assert(
    fc.property(steps, (path) => {
      let ledger = NEW;
      // Orders covered while their count of forced settlements stood; what is forced is paid by another way.
      for (const step of path) {
        const before = ledger;
        ledger = take(ledger, step, live);
        if (ledger.held !== before.held) taken++;
        const owed = ledger.orders.filter(({ standing }) => standing === "served");
        const total = owed.reduce((sum, { due }) => sum + due, 0n);
        assert.ok(ledger.chain.paidPerNode + clearable(ledger) + unsignedWork(ledger) >= total);
        assert.ok(ledger.chain.remaining >= 0n, "a held voucher is always funded");
        for (const { nonce, standing } of ledger.orders) {
          if (standing === "open") assert.ok(nonce > ledger.chain.upTo, `order ${nonce} was covered while it was open`);
        }
      }
    }),
    { numRuns: 2_000, seed: 20_261_124 },
  );
  assert.ok(taken > 500 && live.served > 500, `${taken} vouchers, ${live.served} orders`);
});

test("an honest consumer's voucher is taken by every honest node, whatever they ask", () => {
  const asked = fc.array(fc.tuple(fc.nat(90), fc.nat(90), fc.nat(90)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(asked, fc.nat(80), (rounds, cap) => {
      const maxPrice = BigInt(cap);
      let payer = openPayerLedger(LEASE);
      const nodes = [0, 1, 2].map((): { ledger: PayeeLedger } => ({ ledger: NEW }));
      for (const [index, round] of rounds.entries()) {
        const nonce = index + 1;
        const prices = round.map((price) => (BigInt(price) < maxPrice ? BigInt(price) : maxPrice));
        payer = noteOrder(payer, { nonce, maxPrice, forcibleUntil: 100 });
        payer = noteChecked(payer, nonce, voucherPrice(prices, maxPrice));
        const next = nextVoucher(payer);
        assert.ok(next);
        payer = next.ledger;
        for (const [seat, node] of nodes.entries()) {
          const served = order(nonce, dueOf(prices[seat] as bigint, prices, maxPrice));
          node.ledger = { ...node.ledger, orders: [...node.ledger.orders, served] };
          assert.equal(refuseVoucher(node.ledger, next.voucher), undefined);
          node.ledger = { ...node.ledger, held: next.voucher };
          assert.equal(unsignedWork(node.ledger), 0n);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("a price outlier gains nothing: a voucher pays the lower median, within the cap", () => {
  assert.equal(voucherPrice([5n, 1_000n, 7n], 100n), 7n);
  assert.equal(voucherPrice([5n, 7n], 100n), 5n);
  assert.equal(voucherPrice([500n, 700n, 900n], 100n), 100n);
  assert.equal(voucherPrice([], 100n), 0n);
  assert.equal(dueOf(1_000n, [5n, 1_000n, 7n], 100n), 7n);
  assert.equal(dueOf(5n, [5n, 1_000n, 7n], 100n), 5n);
  assert.equal(dueOf(30n, [], 100n), 30n);
});

test("a node stops serving past its credit, until a voucher covers its work", () => {
  const ledger = { ...NEW, orders: [order(1, 40n), order(2, 21n)] };
  assert.equal(unsignedWork(ledger), 61n);
  assert.equal(refuseToServe(ledger, 3, CREDIT)?.code, "voucher-missing");
  assert.equal(refuseToServe(ledger, 3, 61n), undefined);
  const covered = { ...ledger, held: voucher(40n, 1) };
  assert.equal(refuseToServe(covered, 3, CREDIT), undefined);
  assert.equal(refuseToServe(covered, 1, CREDIT)?.code, "nonce-used");
  const voided = { ...covered, chain: { ...FUNDS, forced: 1 } };
  assert.equal(unsignedWork(voided), 61n, "a forced settlement voids the voucher");
});

test("each voucher that would harm the node is refused for its own reason", () => {
  const ledger = { ...NEW, orders: [order(1, 10n), order(2, 20n), order(3, 0n, "open")], held: voucher(10n, 1) };
  assert.equal(code(ledger, voucher(30n, 2)), undefined);
  assert.equal(code(ledger, voucher(10n, 1)), undefined, "the held one again");
  assert.equal(code(ledger, voucher(9n, 1)), "voucher-stale");
  assert.equal(code(ledger, voucher(30n, 0)), "voucher-stale");
  assert.equal(code(ledger, voucher(29n, 2)), "voucher-underpaid");
  assert.equal(code(ledger, voucher(90n, 3)), "voucher-covers-open-order");
  assert.equal(code(ledger, voucher(90n, 2, { last: true })), "voucher-covers-open-order");
  assert.equal(code(ledger, voucher(30n, 2, { forced: 1 })), "forced-since");
  assert.equal(code(ledger, voucher(1_001n, 2)), "lease-underfunded");
  const done = { ...ledger, orders: ledger.orders.slice(0, 2) };
  assert.equal(code(done, voucher(10n, 1, { last: true })), "voucher-underpaid", "the last one leaves nothing unpaid");
  const ended = { ...done, held: voucher(30n, 2, { last: true }) };
  assert.equal(code(ended, voucher(30n, 2)), "voucher-stale", "nothing takes back the last one");
  assert.equal(refuseToServe(ended, 3, CREDIT)?.code, "lease-ended");
  assert.equal(unsignedWork({ ...ended, held: voucher(30n, 1, { last: true }) }), 0n, "it pays for all, also above");
});

test("a held voucher must be cleared before the first order it covers can no longer be forced", () => {
  const ledger = { ...NEW, orders: [order(2, 5n), order(1, 5n), order(3, 5n)] };
  assert.equal(clearBy(ledger), undefined);
  assert.equal(clearBy({ ...ledger, held: voucher(10n, 2) }), 101);
  const cleared = { ...FUNDS, paidPerNode: 5n, upTo: 1 };
  assert.equal(clearBy({ ...ledger, held: voucher(10n, 2), chain: cleared }), 102);
  assert.equal(clearable({ ...ledger, held: voucher(10n, 2), chain: cleared }), 5n);
  assert.equal(
    clearBy({ ...ledger, held: voucher(10n, 2), chain: { ...FUNDS, paidPerNode: 10n, upTo: 2 } }),
    undefined,
  );
});
