// Decides, for one node and one lease, how much it has served without a signature, which vouchers it takes, and until
// when it must have cleared them. It never asks anyone and never signs.
import { ProtocolError } from "./protocol-error.ts";
import type { Voucher } from "./signed-messages.ts";
import { type Amount, formatAmount, type UnixSeconds } from "./units.ts";

/**
 * - `open`: accepted and not attested; what it will cost is not known
 * - `served`: attested; it is owed `due`
 * - `forced`: settled without a voucher
 */
export type PayeeStanding = "open" | "served" | "forced";

export interface PayeeOrder {
  readonly nonce: number;
  readonly standing: PayeeStanding;
  /** What the node may expect for it, base units. */
  readonly due: Amount;
  /** Its deadline + the grace. */
  readonly forcibleUntil: UnixSeconds;
}

/** What the exchange says of the lease. */
export interface LeaseFunds {
  /** What it still holds, base units. */
  readonly remaining: Amount;
  readonly paidPerNode: Amount;
  readonly upTo: number;
  readonly forced: number;
  /** Nodes in its committee: a voucher pays each the same. */
  readonly committee: number;
}

export interface PayeeLedger {
  /** Orders of the lease that the node accepted, in any order. */
  readonly orders: readonly PayeeOrder[];
  /** The highest voucher that it took. */
  readonly held: Voucher | undefined;
  readonly chain: LeaseFunds;
}

/** What vouchers have said so far: the held one, unless a forced settlement voided it or a later one was cleared. */
function signedFor({ held, chain }: PayeeLedger): { readonly perNode: Amount; readonly upTo: number } {
  const cleared = { perNode: chain.paidPerNode, upTo: chain.upTo };
  const valid = held !== undefined && held.forced === chain.forced;
  return valid && held.perNode >= cleared.perNode && held.upTo >= cleared.upTo ? held : cleared;
}

/** Whether the held voucher is the last: it was taken only because it pays for everything that was done. */
function isEnded({ held, chain }: PayeeLedger): boolean {
  return held?.last === true && held.forced === chain.forced;
}

/** What the node has served and nobody has signed for, base units. */
export function unsignedWork(ledger: PayeeLedger): Amount {
  if (isEnded(ledger)) return 0n;
  const { upTo } = signedFor(ledger);
  const unsigned = ledger.orders.filter(({ nonce, standing }) => standing === "served" && nonce > upTo);
  return unsigned.reduce((sum, { due }) => sum + due, 0n);
}

/**
 * Whether the node goes on serving: undefined, or why not.
 * @param credit what it is ready to lose on this lease, base units
 */
export function refuseToServe(ledger: PayeeLedger, nonce: number, credit: Amount): ProtocolError | undefined {
  if (isEnded(ledger)) {
    return refusal("conflict", "lease-ended", "The consumer has signed the last voucher of this lease.", {
      hint: "Open another lease.",
      context: { nonce },
    });
  }
  const { upTo } = signedFor(ledger);
  if (nonce <= upTo) {
    return refusal(
      "conflict",
      "nonce-used",
      `A voucher covers the orders up to ${upTo}; ${nonce} could not be forced.`,
      {
        hint: "Sign the order with the lease's next nonce.",
        context: { nonce, upTo },
      },
    );
  }
  const unsigned = unsignedWork(ledger);
  if (unsigned <= credit) return undefined;
  return refusal(
    "funds",
    "voucher-missing",
    `The node has served for ${formatAmount(unsigned)} tokens that no voucher covers.`,
    {
      hint: "Hand it a voucher for the answers that you have, or settle them.",
      context: { unsigned, credit },
    },
  );
}

/** Whether the node takes the voucher: undefined, or why not. Its signature is another matter. */
export function refuseVoucher(ledger: PayeeLedger, voucher: Voucher): ProtocolError | undefined {
  const { chain } = ledger;
  const signed = signedFor(ledger);
  const context = { perNode: voucher.perNode, upTo: voucher.upTo };
  if (voucher.forced !== chain.forced) {
    return refusal(
      "conflict",
      "forced-since",
      `The lease counts ${chain.forced} forced orders, not ${voucher.forced}.`,
      {
        hint: "Read the lease and sign the voucher for its present count.",
        context: { forced: chain.forced, signed: voucher.forced },
      },
    );
  }
  const less = voucher.perNode < signed.perNode || voucher.upTo < signed.upTo;
  if (less || (isEnded(ledger) && !voucher.last)) {
    return refusal("conflict", "voucher-stale", "The node holds a voucher that says more.", {
      hint: "Sign one that says at least as much.",
      context: { ...context, heldPerNode: signed.perNode, heldUpTo: signed.upTo },
    });
  }
  return refuseCovered(ledger, voucher) ?? refuseUnderfunded(chain, voucher);
}

/** The orders that the voucher takes the node's right to force must be done and paid. */
function refuseCovered(ledger: PayeeLedger, voucher: Voucher): ProtocolError | undefined {
  const signed = signedFor(ledger);
  const covers = ({ nonce }: PayeeOrder) => nonce > signed.upTo && (voucher.last || nonce <= voucher.upTo);
  const covered = ledger.orders.filter((order) => order.standing !== "forced" && covers(order));
  const open = covered.find(({ standing }) => standing === "open");
  if (open) {
    return refusal("conflict", "voucher-covers-open-order", `The node still works on order ${open.nonce}.`, {
      hint: "Wait for its answer, or cancel it.",
      context: { nonce: open.nonce },
    });
  }
  const due = covered.reduce((sum, order) => sum + order.due, signed.perNode);
  if (voucher.perNode >= due) return undefined;
  return refusal(
    "funds",
    "voucher-underpaid",
    `The voucher pays ${formatAmount(voucher.perNode)} tokens, the orders come to ${formatAmount(due)}.`,
    {
      hint: "Show the committee's attestations for them if others asked less, or sign for the difference.",
      context: { perNode: voucher.perNode, due },
    },
  );
}

function refuseUnderfunded(chain: LeaseFunds, { perNode }: Voucher): ProtocolError | undefined {
  const needed = (perNode - chain.paidPerNode) * BigInt(chain.committee);
  if (needed <= chain.remaining) return undefined;
  return refusal(
    "funds",
    "lease-underfunded",
    `The lease holds ${formatAmount(chain.remaining)} tokens, the voucher takes ${formatAmount(needed)}.`,
    {
      hint: "Top the lease up first.",
      context: { remaining: chain.remaining, needed },
    },
  );
}

/** What clearing the held voucher would pay the node now, base units. */
export function clearable({ held, chain }: PayeeLedger): Amount {
  if (held === undefined || held.forced !== chain.forced || held.perNode < chain.paidPerNode) return 0n;
  return held.perNode - chain.paidPerNode;
}

/**
 * Until when the held voucher must be cleared, Unix seconds; undefined when it covers no order. One forced settlement
 * voids it, and then every order must still be forcible: so, before the first of their deadlines + grace.
 */
export function clearBy(ledger: PayeeLedger): UnixSeconds | undefined {
  const { held, chain, orders } = ledger;
  if (clearable(ledger) === 0n || held === undefined) return undefined;
  const covered = orders.filter(
    ({ nonce, standing }) => standing === "served" && nonce > chain.upTo && nonce <= held.upTo,
  );
  return covered.length === 0 ? undefined : Math.min(...covered.map(({ forcibleUntil }) => forcibleUntil));
}

function refusal(
  category: "conflict" | "funds",
  code: string,
  message: string,
  fields: { readonly hint: string; readonly context: Record<string, number | bigint> },
): ProtocolError {
  return new ProtocolError(category, code, message, { ...fields, retryable: false });
}
