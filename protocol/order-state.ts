// Decides the states of an order on one node and every move between them. Documents, code and tests follow this table;
// it never moves anything itself.
import { ProtocolError } from "./protocol-error.ts";

/**
 * - `waiting`: accepted, some image or request bytes are not here yet
 * - `queued`: everything is here, no slot is free yet
 * - `running`: its jobs run
 * - `committed`: the result is stored and its commitment signed; the answer is hidden
 * - `attested`: the attestation is signed and the answer is open
 * - `failed`: the node gave up before it signed anything; it may not sign later
 * - `expired`: the deadline passed before the attestation
 * - `cancelled`: the consumer withdrew it before the commitment
 */
export const ORDER_STATES = [
  "waiting",
  "queued",
  "running",
  "committed",
  "attested",
  "failed",
  "expired",
  "cancelled",
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/**
 * What can happen to an order. `restart` is a start of the node that finds the order in its store: whatever was running
 * is queued again, since nothing was signed for it.
 */
export const ORDER_EVENTS = [
  "blobs-complete",
  "start",
  "commit",
  "attest",
  "fail",
  "deadline",
  "cancel",
  "restart",
] as const;
export type OrderEvent = (typeof ORDER_EVENTS)[number];

export const ORDER_TRANSITIONS: Readonly<Record<OrderState, Partial<Record<OrderEvent, OrderState>>>> = {
  waiting: {
    "blobs-complete": "queued",
    fail: "failed",
    deadline: "expired",
    cancel: "cancelled",
    restart: "waiting",
  },
  queued: { start: "running", fail: "failed", deadline: "expired", cancel: "cancelled", restart: "queued" },
  running: { commit: "committed", fail: "failed", deadline: "expired", cancel: "cancelled", restart: "queued" },
  committed: { attest: "attested", deadline: "expired", restart: "committed" },
  attested: { restart: "attested", deadline: "attested" },
  failed: { restart: "failed", deadline: "failed" },
  expired: { restart: "expired", deadline: "expired" },
  cancelled: { restart: "cancelled", deadline: "cancelled" },
};

/** Whether the order can still move. */
export function isFinal(state: OrderState): boolean {
  return Object.values(ORDER_TRANSITIONS[state]).every((next) => next === state);
}

/** The state after `event`. @throws `order-state` when the table has no such move */
export function nextOrderState(state: OrderState, event: OrderEvent): OrderState {
  const next = ORDER_TRANSITIONS[state][event];
  if (next === undefined) {
    throw new ProtocolError("conflict", "order-state", `Cannot ${event} an order that is ${state}.`, {
      hint: "Read the order's state and go on from there.",
      context: { state, event },
    });
  }
  return next;
}
