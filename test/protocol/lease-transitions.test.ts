// Drives the deployed contract through every pair of state and event, and finds what the table says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Hex } from "viem";
import { exchangeAbi } from "#chain/abi/exchange-abi.ts";
import { clearingOutcome, openingsOutcome } from "#chain/batch-outcome.ts";
import * as calls from "#chain/calls.ts";
import { readTime } from "#chain/read-time.ts";
import { claimOf } from "#protocol/claim.ts";
import {
  LEASE_EVENTS,
  LEASE_STATES,
  LEASE_TRANSITIONS,
  type LeaseEvent,
  type LeaseOutcome,
  type LeaseState,
  SKIP_REASONS,
} from "#protocol/lease-transitions.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";
import type { JobOrder, LeaseTerms, Signed } from "#protocol/signed-messages.ts";
import { leaseIdOf, signMessage } from "#protocol/signing.ts";
import {
  GRACE_SECONDS,
  LEASE_FUNDS,
  LEASE_SECONDS,
  type LeaseStage,
  openLeaseStage,
  RECEIPTS,
} from "../chain/lease-stage.ts";

const RIGHT: Hex = `0x${"01".repeat(32)}`;
const WRONG: Hex = `0x${"02".repeat(32)}`;
const FORCING: readonly LeaseEvent[] = ["settle", "claim", "adjudicate"];
const DEADLINE_SECONDS = 50;

let stage: LeaseStage;
before(async () => {
  stage = await openLeaseStage();
});
after(() => stage[Symbol.asyncDispose]());

interface Subject {
  readonly terms: LeaseTerms;
  readonly expiry: number;
  readonly order: Signed<JobOrder>;
}

async function stateOf(terms: LeaseTerms): Promise<LeaseState> {
  const { client, settings } = stage.chain;
  const call = { address: settings.exchange, abi: exchangeAbi, functionName: "leaseOf" } as const;
  const { status } = await client.readContract({ ...call, args: [leaseIdOf(terms)] });
  return LEASE_STATES[status] as LeaseState;
}

async function waitUntil(time: number): Promise<void> {
  const now = await readTime(stage.chain);
  if (time > now) await stage.local.advance(time - now);
}

/** A lease in that state, and an order in it that can still be forced wherever any could. */
async function bring(state: LeaseState, event: LeaseEvent): Promise<Subject> {
  const terms = stage.newTerms();
  const now = await readTime(stage.chain);
  const expiry = now + LEASE_SECONDS;
  const late = state === "ending" || state === "closable";
  const order = await stage.signOrder(terms, { deadline: late ? expiry : now + DEADLINE_SECONDS });
  if (state !== "none") await stage.send(calls.openLeaseCall(stage.chain, terms, LEASE_FUNDS, expiry));
  if (state === "ending") await waitUntil(expiry + 1);
  if (state === "closable") await waitUntil(expiry + GRACE_SECONDS + 1);
  if (state === "closed") {
    await stage.send(calls.clearCall(stage.chain, await stage.pack([await stage.signVoucher(terms, { last: true })])));
  }
  // The consumer has until the deadline to pay by voucher.
  if (event !== "settle" && FORCING.includes(event)) await waitUntil(order.message.deadline + 1);
  assert.equal(await stateOf(terms), state);
  return { terms, expiry, order };
}

async function callOf(event: LeaseEvent, { terms, expiry, order }: Subject): Promise<calls.ContractCall> {
  const { chain, nodes } = stage;
  const later = (await readTime(chain)) + LEASE_SECONDS;
  const disputed = async () => stage.attest(order.message, [RIGHT, RIGHT, WRONG]);
  switch (event) {
    case "open":
      return calls.openLeaseCall(chain, terms, LEASE_FUNDS, later);
    case "open-many":
      return calls.openManyCall(chain, [await stage.signOpening(terms, later)]);
    case "top-up":
      return calls.topUpCall(chain, leaseIdOf(terms), 5n);
    case "extend":
      return calls.extendLeaseCall(chain, terms, Math.max(later, expiry + 1));
    case "clear":
    case "clear-last": {
      const voucher = await stage.signVoucher(terms, { perNode: 20n, last: event === "clear-last" });
      return calls.clearCall(chain, await stage.pack([voucher]));
    }
    case "settle":
      return calls.settleCall(chain, terms, order, await stage.attest(order.message, [RIGHT, RIGHT, RIGHT]));
    case "claim": {
      const claim = claimOf(chain.domain, { orders: [order.message], receiptsRoot: RECEIPTS, perNode: 40n });
      const signed = await Promise.all(nodes.map((node) => signMessage(node, chain.domain, "Claim", claim)));
      const signatures = signed.map(({ signature }) => signature);
      return calls.claimCall(chain, terms, { orders: [order], claim }, signatures);
    }
    case "adjudicate":
      return calls.adjudicateCall(chain, terms, order, await disputed());
    case "close":
      return calls.closeLeaseCall(chain, terms);
    default:
      throw new Error(`No call is ${event}`);
  }
}

/** What the event did to the lease, in the table's words. */
async function happen(event: LeaseEvent, subject: Subject): Promise<LeaseOutcome> {
  const { terms, expiry } = subject;
  if (event === "expiry") await waitUntil(expiry + 1);
  else if (event === "grace-end") await waitUntil(expiry + GRACE_SECONDS + 1);
  else {
    try {
      const { logs } = await stage.send(await callOf(event, subject));
      const skipped = [
        ...(clearingOutcome(stage.chain, logs)?.skipped ?? []),
        ...openingsOutcome(stage.chain, logs).skipped,
      ];
      if (skipped[0]) return { skipped: skipped[0].refusal.code };
    } catch (error) {
      if (error instanceof ProtocolError) return { refused: error.code };
      throw error;
    }
  }
  return { to: await stateOf(terms) };
}

for (const state of LEASE_STATES) {
  test(`a lease that is ${state} does at every event what the table says`, async () => {
    for (const event of LEASE_EVENTS) {
      const subject = await bring(state, event);
      const outcome = await happen(event, subject);
      assert.deepEqual(outcome, LEASE_TRANSITIONS[state][event], `${state}, ${event}`);
      if (!("to" in outcome)) assert.equal(await stateOf(subject.terms), state, `${state} after a vain ${event}`);
    }
  });
}

test("states and reasons stand in the contract's order", () => {
  const path = new URL("../../contracts/interfaces/IExchange.sol", import.meta.url);
  const source = readFileSync(path, "utf8").replaceAll(/^\s*\/\/.*$/gm, "");
  const members = (name: string) => {
    const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? "";
    return body.split(",").map((word) =>
      word
        .trim()
        .replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-")
        .toLowerCase(),
    );
  };
  assert.deepEqual(members("LeaseStatus"), LEASE_STATES);
  assert.deepEqual(members("SkipReason"), ["none", ...SKIP_REASONS]);
});

test("no state is a trap: from every state in which money is locked, time and anyone's call lead to closed", () => {
  for (const state of ["live", "ending", "closable"] as const) {
    const ended = LEASE_TRANSITIONS[state]["grace-end"];
    assert.ok("to" in ended);
    assert.deepEqual(LEASE_TRANSITIONS[ended.to].close, { to: "closed" });
  }
});
