// The consumer's ledger against a model of the exchange in which anyone forces orders and clears any voucher ever signed.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LIMITS } from "#protocol/limits.ts";
import {
  nextVoucher,
  noteChain,
  noteChecked,
  noteOrder,
  noteTime,
  noteUnsent,
  openPayerLedger,
  type PayerLedger,
} from "#protocol/payer-ledger.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import type { LeaseId } from "#protocol/units.ts";

const LEASE = `0x${"11".repeat(32)}` as LeaseId;
const CAP = 100n;
const FORCIBLE_SECONDS = 20;

interface Step {
  readonly kind: "order" | "check" | "force" | "clear" | "time" | "sync" | "sign" | "sign-last";
  readonly pick: number;
}
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step["kind"]>(
      "order",
      "order",
      "check",
      "check",
      "force",
      "clear",
      "time",
      "sync",
      "sign",
      "sign",
      "sign-last",
    ),
    pick: fc.nat(1_000),
  }),
  { minLength: 20, maxLength: 80, size: "max" },
);

/** What the exchange would hold, and what really happened, in plain sets. */
class World {
  ledger: PayerLedger = openPayerLedger(LEASE);
  now = 1_000;
  closed = false;
  paid = 0n;
  upTo = 0;
  readonly forcibleUntil = new Map<number, number>();
  /** Prices of what the consumer received and checked. */
  readonly checked = new Map<number, bigint>();
  readonly settled = new Set<number>();
  /** Orders that a cleared voucher has paid. */
  readonly paidFor = new Set<number>();
  readonly vouchers: { readonly voucher: Voucher; readonly pays: ReadonlySet<number> }[] = [];

  take({ kind, pick }: Step): void {
    if (kind === "order" && !this.ledger.signed?.last) this.#order();
    if (kind === "check") this.#check(pick);
    if (kind === "force") this.#force(pick);
    if (kind === "clear") this.#clear(pick);
    if (kind === "time") this.now += pick % 15;
    if (kind === "sync") this.#sync();
    if (kind === "sign") this.#sign(false);
    if (kind === "sign-last") this.#sign(pick % 7 === 0);
  }

  #order(): void {
    const nonce = this.ledger.lastNonce + 1;
    this.forcibleUntil.set(nonce, this.now + FORCIBLE_SECONDS);
    this.ledger = noteOrder(this.ledger, { nonce, maxPrice: CAP, forcibleUntil: this.now + FORCIBLE_SECONDS });
  }

  #check(pick: number): void {
    const open = this.ledger.orders.filter(({ standing }) => standing === "open");
    const order = open[pick % Math.max(1, open.length)];
    if (!order) return;
    const price = BigInt(pick) % (CAP + 1n);
    this.checked.set(order.nonce, price);
    this.ledger = noteChecked(this.ledger, order.nonce, price);
  }

  /** As `settle` and `claim`: above `upTo`, once, in time. */
  #force(pick: number): void {
    const nonce = 1 + (pick % Math.max(1, this.ledger.lastNonce));
    const until = this.forcibleUntil.get(nonce);
    if (this.closed || until === undefined || this.now > until || nonce <= this.upTo) return;
    assert.ok(!this.paidFor.has(nonce), `order ${nonce} is paid by a voucher and forced`);
    this.settled.add(nonce);
  }

  /** As `clear`, with any voucher that was ever signed. */
  #clear(pick: number): void {
    const chosen = this.vouchers[pick % Math.max(1, this.vouchers.length)];
    if (!chosen || this.closed) return;
    const { perNode, upTo, forced, last } = chosen.voucher;
    if (forced !== this.settled.size || perNode < this.paid || upTo < this.upTo) return;
    const newly = [...chosen.pays].filter((nonce) => !this.paidFor.has(nonce));
    for (const nonce of newly) assert.ok(!this.settled.has(nonce), `order ${nonce} is forced and paid by a voucher`);
    const worth = newly.reduce(
      (sum, nonce) => sum + (this.checked.get(nonce) ?? assert.fail(`${nonce} unchecked`)),
      0n,
    );
    assert.equal(perNode - this.paid, worth, "a clearing takes what the answers it pays for cost");
    for (const nonce of newly) this.paidFor.add(nonce);
    this.paid = perNode;
    this.upTo = upTo;
    this.closed = last;
  }

  #sync(): void {
    const reading = { paidPerNode: this.paid, upTo: this.upTo, forced: this.settled.size, settled: [...this.settled] };
    this.ledger = noteTime(noteChain(this.ledger, reading), this.now);
  }

  #sign(last: boolean): void {
    const before = this.ledger.signed;
    const next = nextVoucher(this.ledger, { last });
    if (!next) return;
    const { voucher } = next;
    const known = new Set(this.ledger.orders.filter(({ standing }) => standing === "forced").map(({ nonce }) => nonce));
    const pays = new Set([...this.checked.keys()].filter((nonce) => nonce <= voucher.upTo && !known.has(nonce)));
    for (const nonce of this.forcedAndDropped) pays.delete(nonce);
    const claimable = [...this.forcibleUntil].filter(
      ([nonce, until]) => !this.checked.has(nonce) && !this.settled.has(nonce) && this.now <= until,
    );
    for (const [nonce] of claimable) assert.ok(nonce > voucher.upTo, `order ${nonce} loses its way to be forced`);
    if (last) assert.deepEqual(claimable, []);
    if (before) assert.ok(voucher.perNode >= before.perNode && voucher.upTo >= before.upTo, "vouchers only grow");
    assert.equal(before?.last ?? false, false, "nothing is signed after the last voucher");
    this.ledger = next.ledger;
    this.vouchers.push({ voucher, pays });
    for (const { nonce, standing } of this.ledger.orders) if (standing === "forced") this.forcedAndDropped.add(nonce);
  }

  /** Forced orders stay unpaid by vouchers also after the ledger has let go of them. */
  readonly forcedAndDropped = new Set<number>();
}

test("no order is paid twice, none unchecked, and vouchers only grow, whoever forces and clears what and when", () => {
  let clearings = 0;
  let forcings = 0;
  fc.assert(
    fc.property(steps, (taken) => {
      const world = new World();
      for (const step of taken) world.take(step);
      clearings += world.paidFor.size;
      forcings += world.settled.size;
    }),
    { numRuns: 2_000, seed: 20_261_124 },
  );
  // A run in which nothing happens would prove nothing.
  assert.ok(clearings > 500 && forcings > 500, `${clearings} paid by vouchers, ${forcings} forced`);
});

function ledgerOf(...standings: readonly ("open" | bigint)[]): PayerLedger {
  return standings.reduce<PayerLedger>((ledger, standing, index) => {
    const nonce = index + 1;
    const noted = noteOrder(ledger, { nonce, maxPrice: CAP, forcibleUntil: 50 });
    return standing === "open" ? noted : noteChecked(noted, nonce, standing);
  }, openPayerLedger(LEASE));
}

test("a voucher covers what is checked, up to the first order that is not", () => {
  const first = nextVoucher(ledgerOf(10n, 20n, "open", 40n));
  assert.deepEqual(first?.voucher, { lease: LEASE, perNode: 30n, upTo: 2, forced: 0, last: false });
  assert.equal(nextVoucher(first.ledger), undefined, "the same again is no new voucher");
  const later = noteTime(first.ledger, 51);
  assert.deepEqual(nextVoucher(later)?.voucher, { lease: LEASE, perNode: 70n, upTo: 4, forced: 0, last: false });
  assert.equal(nextVoucher(noteTime(first.ledger, 50)), undefined, "at its last second it can still be forced");
});

test("an order that never left this machine holds no voucher up, and is not paid", () => {
  const unsent = noteUnsent(ledgerOf(10n, "open", 30n), 2);
  assert.deepEqual(nextVoucher(unsent)?.voucher, { lease: LEASE, perNode: 40n, upTo: 3, forced: 0, last: false });
  assert.throws(() => noteChecked(unsent, 2, 1n), { code: "order-standing" });
  assert.throws(() => noteUnsent(unsent, 1), { code: "order-standing" });
});

test("the last voucher waits for every order, and ends the lease", () => {
  assert.equal(nextVoucher(ledgerOf(10n, "open"), { last: true }), undefined);
  const last = nextVoucher(ledgerOf(10n), { last: true });
  assert.deepEqual(last?.voucher, { lease: LEASE, perNode: 10n, upTo: 1, forced: 0, last: true });
  assert.equal(nextVoucher(last.ledger, { last: true }), undefined);
  assert.throws(() => noteOrder(last.ledger, { nonce: 2, maxPrice: CAP, forcibleUntil: 50 }), { code: "lease-ended" });
});

test("a forced order leaves the next voucher, and a torn reading leaves the ledger", () => {
  const signed = nextVoucher(ledgerOf(10n, 20n));
  assert.ok(signed);
  const reading = { paidPerNode: 0n, upTo: 0, forced: 1, settled: [1] };
  const after = noteChain(signed.ledger, reading);
  assert.deepEqual(nextVoucher(after)?.voucher, { lease: LEASE, perNode: 20n, upTo: 2, forced: 1, last: false });
  assert.throws(() => noteChain(signed.ledger, { ...reading, settled: [] }), { code: "lease-reading-torn" });
  assert.throws(() => noteChain(after, { ...reading, forced: 2 }), { code: "lease-reading-torn" });
});

test("an answer counts once, within its cap, and the ledger has a limit", () => {
  assert.throws(() => noteChecked(ledgerOf(10n), 1, 10n), { code: "order-standing" });
  assert.throws(() => noteChecked(ledgerOf("open"), 1, CAP + 1n), { code: "price-above-cap" });
  assert.throws(() => noteOrder(ledgerOf(), { nonce: 2, maxPrice: CAP, forcibleUntil: 1 }), { code: "nonce-skipped" });
  const full = ledgerOf(...Array<bigint>(LIMITS.leaseUnclearedOrders).fill(1n));
  const next = { nonce: full.lastNonce + 1, maxPrice: CAP, forcibleUntil: 50 };
  assert.throws(() => noteOrder(full, next), { code: "ledger-full" });
});
