import assert from "node:assert/strict";
import { test } from "node:test";
import { isFinal, nextOrderState, ORDER_EVENTS, ORDER_STATES, ORDER_TRANSITIONS } from "#protocol/order-state.ts";

test("every state is reachable, and only states that cannot sign are final", () => {
  const reachable = new Set(["waiting"]);
  for (const _ of ORDER_STATES)
    for (const state of ORDER_STATES)
      if (reachable.has(state)) for (const next of Object.values(ORDER_TRANSITIONS[state])) reachable.add(next);
  assert.deepEqual(
    ORDER_STATES.filter((state) => !reachable.has(state)),
    [],
  );
  assert.deepEqual(ORDER_STATES.filter(isFinal), ["attested", "failed", "expired", "cancelled"]);
});

test("a signature is only ever reached through the commitment", () => {
  for (const state of ORDER_STATES) {
    for (const event of ORDER_EVENTS) {
      const next = ORDER_TRANSITIONS[state][event];
      if (next === "attested") assert.ok(state === "committed" || state === "attested", `${state} ${event}`);
      if (next === undefined) assert.throws(() => nextOrderState(state, event), { code: "order-state" });
      else assert.equal(nextOrderState(state, event), next);
    }
  }
});

test("every order ends at its deadline and survives a restart", () => {
  for (const state of ORDER_STATES) {
    assert.ok(isFinal(nextOrderState(state, "deadline")), state);
    assert.ok(ORDER_TRANSITIONS[state].restart, state);
  }
});
