// Decides what one order adds to a voucher. A voucher pays every node the same, so it is one price for the whole order;
// it never looks at who asked it.
import type { Amount } from "./units.ts";

/** The lower median of what the agreeing nodes ask, never above the order's cap; 0 when nobody agrees. */
export function voucherPrice(agreed: readonly Amount[], maxPrice: Amount): Amount {
  const sorted = agreed.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return least(sorted[Math.floor((sorted.length - 1) / 2)] ?? 0n, maxPrice);
}

/**
 * What a node may expect of a voucher for an order: what forcing the order would give it.
 * @param shown prices of the nodes that attest the same result, its own among them; empty when it knows only its own
 */
export function dueOf(own: Amount, shown: readonly Amount[], maxPrice: Amount): Amount {
  return least(own, voucherPrice(shown.length === 0 ? [own] : shown, maxPrice));
}

function least(a: Amount, b: Amount): Amount {
  return a < b ? a : b;
}
