// Decides what a consumer's next voucher of one lease may say, from what it ordered, received and checked. It never
// signs: whoever does stores the ledger first.
import { LIMITS } from "./limits.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Voucher } from "./signed-messages.ts";
import { type Amount, formatAmount, type LeaseId, type UnixSeconds } from "./units.ts";

/**
 * - `open`: signed, its answer is not checked, and it can still be forced
 * - `checked`: its answer is here and right; a voucher pays its price
 * - `forced`: settled without a voucher; nothing more is paid for it
 * - `void`: nothing was checked, and it can no longer be forced
 */
export type PayerStanding = "open" | "checked" | "forced" | "void";

export interface PayerOrder {
  readonly nonce: number;
  readonly maxPrice: Amount;
  /** Its deadline + the grace: from then on nobody can force it. */
  readonly forcibleUntil: UnixSeconds;
  readonly standing: PayerStanding;
  /** To each node; 0 unless `checked`. */
  readonly price: Amount;
}

/** What the exchange says of the lease. */
export interface LeaseReading {
  readonly paidPerNode: Amount;
  readonly upTo: number;
  /** How many orders were settled without a voucher. */
  readonly forced: number;
  /** Nonces above `upTo` that were, as far as the reader looked. */
  readonly settled: readonly number[];
}

export interface PayerLedger {
  readonly lease: LeaseId;
  /** The nonce of the last order that was signed. */
  readonly lastNonce: number;
  /** Those that no cleared voucher covers, ascending. */
  readonly orders: readonly PayerOrder[];
  /** What was cleared. */
  readonly cleared: { readonly perNode: Amount; readonly upTo: number };
  readonly forced: number;
  /** The highest voucher that was signed and not voided by a forced settlement. */
  readonly signed: Voucher | undefined;
}

export function openPayerLedger(lease: LeaseId): PayerLedger {
  const cleared = { perNode: 0n, upTo: 0 };
  return { lease, lastNonce: 0, orders: [], cleared, forced: 0, signed: undefined };
}

/** An order that is about to be signed. @throws `nonce-skipped`, `ledger-full`, `lease-ended` after the last voucher */
export function noteOrder(
  ledger: PayerLedger,
  order: Pick<PayerOrder, "nonce" | "maxPrice" | "forcibleUntil">,
): PayerLedger {
  const { nonce } = order;
  if (ledger.signed?.last) throw conflict("lease-ended", "The last voucher of this lease is signed.", { nonce });
  if (nonce !== ledger.lastNonce + 1) {
    throw conflict("nonce-skipped", `The next order has nonce ${ledger.lastNonce + 1}, not ${nonce}.`, { nonce });
  }
  if (ledger.orders.length >= LIMITS.leaseUnclearedOrders) {
    throw conflict("ledger-full", `${ledger.orders.length} orders of this lease wait to be cleared.`, { nonce });
  }
  const added: PayerOrder = { ...order, standing: "open", price: 0n };
  return { ...ledger, lastNonce: nonce, orders: [...ledger.orders, added] };
}

/** Its answer is here and checked. @throws `order-standing` unless it is open, `price-above-cap` */
export function noteChecked(ledger: PayerLedger, nonce: number, price: Amount): PayerLedger {
  const order = requireOpen(ledger, nonce);
  if (price < 0n || price > order.maxPrice) {
    throw conflict(
      "price-above-cap",
      `Order ${nonce} may cost ${formatAmount(order.maxPrice)} tokens, not ${formatAmount(price)}.`,
      { nonce, price },
    );
  }
  return withOrder(ledger, nonce, { standing: "checked", price });
}

/** It was noted and never left this machine, so that nobody can force it. @throws `order-standing` unless it is open */
export function noteUnsent(ledger: PayerLedger, nonce: number): PayerLedger {
  requireOpen(ledger, nonce);
  return withOrder(ledger, nonce, { standing: "void" });
}

/** Whatever is unchecked and can no longer be forced is void. */
export function noteTime(ledger: PayerLedger, now: UnixSeconds): PayerLedger {
  const late = ({ standing, forcibleUntil }: PayerOrder) => standing === "open" && forcibleUntil < now;
  return { ...ledger, orders: ledger.orders.map((order) => (late(order) ? { ...order, standing: "void" } : order)) };
}

/**
 * What the exchange says now. A forced settlement voids what was signed before it.
 * @throws `lease-reading-torn` when it counts other forced orders than it names: a voucher that names the new count
 * would pay one of them again
 */
export function noteChain(ledger: PayerLedger, { paidPerNode, upTo, forced, settled }: LeaseReading): PayerLedger {
  const orders = ledger.orders.map((order): PayerOrder => {
    const isForced = order.standing !== "forced" && settled.includes(order.nonce);
    return isForced ? { ...order, standing: "forced", price: 0n } : order;
  });
  const newly = orders.filter((order, index) => order.standing !== ledger.orders[index]?.standing).length;
  if (ledger.forced + newly !== forced || upTo < ledger.cleared.upTo || paidPerNode < ledger.cleared.perNode) {
    throw new ProtocolError("conflict", "lease-reading-torn", "The lease changed while it was read.", {
      hint: "Read it again, the settled orders after the count.",
      context: { forced, known: ledger.forced + newly, upTo },
      retryable: true,
    });
  }
  return {
    ...ledger,
    orders: orders.filter(({ nonce }) => nonce > upTo),
    cleared: { perNode: paidPerNode, upTo },
    forced,
    signed: forced === ledger.forced ? ledger.signed : undefined,
  };
}

/**
 * The next voucher, and the ledger to store before it is signed; undefined when it would say nothing more.
 * It covers orders up to the first that is open: to cover that one would take the nodes' right to force it.
 * @param last closes the lease, so nothing may be open
 */
export function nextVoucher(
  ledger: PayerLedger,
  { last = false }: { readonly last?: boolean } = {},
): { readonly ledger: PayerLedger; readonly voucher: Voucher } | undefined {
  const firstOpen = ledger.orders.findIndex(({ standing }) => standing === "open");
  if (ledger.signed?.last || (last && firstOpen !== -1)) return undefined;
  const covered = firstOpen === -1 ? ledger.orders : ledger.orders.slice(0, firstOpen);
  const perNode = covered.reduce((sum, { price }) => sum + price, ledger.cleared.perNode);
  const upTo = covered.at(-1)?.nonce ?? ledger.cleared.upTo;
  const before = ledger.signed ?? ledger.cleared;
  if (!last && perNode === before.perNode && upTo === before.upTo) return undefined;
  const voucher: Voucher = { lease: ledger.lease, perNode, upTo, forced: ledger.forced, last };
  return { ledger: { ...ledger, signed: voucher }, voucher };
}

function requireOpen(ledger: PayerLedger, nonce: number): PayerOrder {
  const order = ledger.orders.find((each) => each.nonce === nonce);
  if (order?.standing === "open") return order;
  throw conflict("order-standing", `Order ${nonce} is ${order?.standing ?? "covered or unknown"}, not open.`, {
    nonce,
  });
}

function withOrder(ledger: PayerLedger, nonce: number, change: Partial<PayerOrder>): PayerLedger {
  const orders = ledger.orders.map((order) => (order.nonce === nonce ? { ...order, ...change } : order));
  return { ...ledger, orders };
}

function conflict(code: string, message: string, context: Record<string, number | bigint>): ProtocolError {
  return new ProtocolError("conflict", code, message, {
    hint: "Read the lease's ledger and go on from there.",
    context,
  });
}
