// Decides the states of a lease and what every call and every deadline does to each of them. Documents and tests follow
// this table, and a test drives the contract through all of it; it never moves a lease itself.

/**
 * In the order of the contract's `LeaseStatus`; derived from a lease's facts and the clock, never stored.
 * - `none`: never opened
 * - `live`: until its expiry; orders are signed and settled
 * - `ending`: from expiry to expiry + grace; orders signed in time can still be forced
 * - `closable`: after expiry + grace; anyone may close it
 * - `closed`: the remainder is back; the lease id never opens again
 */
export const LEASE_STATES = ["none", "live", "ending", "closable", "closed"] as const;
export type LeaseState = (typeof LEASE_STATES)[number];

/**
 * Calls are those of `contracts/interfaces/IExchange.sol`, each well-formed, well signed, funded, and for an order whose
 * deadline lets it through if any deadline does. `clear-last` is `clear` with a voucher that closes the lease.
 * `expiry` is the clock passing the lease's expiry, `grace-end` its passing expiry + grace.
 */
export const LEASE_EVENTS = [
  "open",
  "open-many",
  "top-up",
  "extend",
  "clear",
  "clear-last",
  "settle",
  "claim",
  "adjudicate",
  "close",
  "expiry",
  "grace-end",
] as const;
export type LeaseEvent = (typeof LEASE_EVENTS)[number];

/** Why a clearing leaves an entry as it was, in the order of the contract's `SkipReason` after its `None`. */
export const SKIP_REASONS = [
  "seat-unknown",
  "lease-not-live",
  "node-not-signed",
  "voucher-not-signed",
  "forced-since",
  "voucher-stale",
  "lease-underfunded",
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/**
 * What an event does. `to`: the lease is in that state afterwards. `refused`: the call reverts with the error of that
 * code. `skipped`: the call goes through for the other leases of its batch and leaves this one, for that reason.
 */
export type LeaseOutcome = { readonly to: LeaseState } | { readonly refused: string } | { readonly skipped: string };

const to = (state: LeaseState): LeaseOutcome => ({ to: state });
const refused = (code: string): LeaseOutcome => ({ refused: code });
const skipped = (code: string): LeaseOutcome => ({ skipped: code });

/** Whatever wants an open lease finds none. */
const WITHOUT_LEASE = {
  "top-up": refused("lease-not-live"),
  extend: refused("lease-not-live"),
  clear: skipped("lease-not-live"),
  "clear-last": skipped("lease-not-live"),
  settle: refused("lease-not-live"),
  claim: refused("lease-not-live"),
  adjudicate: refused("lease-not-live"),
  close: refused("lease-not-live"),
} as const;

/** A lease id opens once, for ever. */
const OPENED = { open: refused("lease-already-opened"), "open-many": skipped("lease-already-opened") } as const;

export const LEASE_TRANSITIONS: Readonly<Record<LeaseState, Readonly<Record<LeaseEvent, LeaseOutcome>>>> = {
  none: {
    ...WITHOUT_LEASE,
    open: to("live"),
    "open-many": to("live"),
    // An expiry of 0, before any order's deadline.
    expiry: to("none"),
    "grace-end": to("none"),
  },
  live: {
    ...OPENED,
    "top-up": to("live"),
    extend: to("live"),
    clear: to("live"),
    "clear-last": to("closed"),
    settle: to("live"),
    claim: to("live"),
    adjudicate: to("live"),
    close: refused("lease-not-closable"),
    expiry: to("ending"),
    "grace-end": to("closable"),
  },
  ending: {
    ...OPENED,
    "top-up": to("ending"),
    extend: to("live"),
    clear: to("ending"),
    "clear-last": to("closed"),
    settle: to("ending"),
    claim: to("ending"),
    adjudicate: to("ending"),
    close: refused("lease-not-closable"),
    expiry: to("ending"),
    "grace-end": to("closable"),
  },
  closable: {
    ...OPENED,
    "top-up": to("closable"),
    extend: to("live"),
    clear: to("closable"),
    "clear-last": to("closed"),
    // No order outlives its lease, so the grace of every order has passed too.
    settle: refused("order-expired"),
    claim: refused("order-expired"),
    adjudicate: refused("order-expired"),
    close: to("closed"),
    expiry: to("closable"),
    "grace-end": to("closable"),
  },
  closed: {
    ...WITHOUT_LEASE,
    ...OPENED,
    // What its committee signed stays true until the order's deadline + grace: a last voucher saves no dissenter.
    expiry: to("closed"),
    "grace-end": to("closed"),
  },
};
