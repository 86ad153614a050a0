// Holds the gas of each call to the committed snapshot, and with it that what viem signs is what the contracts check.
// After a change that is meant: `UPDATE_GAS_SNAPSHOT=1 node --test test/contracts/gas.test.ts`, and review the diff.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { type Hex, keccak256, stringToHex } from "viem";
import { JURY_SEATS } from "#chain/deployment-plan.ts";
import { verdictSeats } from "#protocol/verdict.ts";
import { createGasChain } from "#scripts/bench/gas-chain.ts";
import { claimOrders, clearLeases, deployExchange, openLeases, settleOrder } from "#scripts/bench/gas-exchange.ts";
import {
  decideCase,
  disputeOrder,
  juryGas,
  openCase,
  openDrawnLease,
  prepareCourt,
  proveLie,
  punishLiars,
  votesOf,
} from "./gas-court.ts";

const path = new URL("gas-snapshot.json", import.meta.url);
/**
 * Two runs of the same code give the same gas. A change of any contract's code changes the hashes of blocks, and so who is
 * drawn and how many bytes of calldata are zero.
 */
const TOLERANCE = 0.005;

async function measure(): Promise<Record<string, number>> {
  const chain = await createGasChain();
  try {
    const exchange = await deployExchange(chain, 6);
    const [[lone, ...others], open] = await openLeases(exchange, "lone", 1, 3);
    assert.ok(lone !== undefined && others.length === 0);
    const [leases, openMany] = await openLeases(exchange, "many", 4, 3);
    const clear = await clearLeases(exchange, leases, 1);
    const again = await clearLeases(exchange, [lone], 1);
    const [[silent]] = await openLeases(exchange, "silent", 1, 3);
    const [[told]] = await openLeases(exchange, "told", 1, 3);
    const [[happy]] = await openLeases(exchange, "happy", 1, 3);
    const [[disputed]] = await openLeases(exchange, "disputed", 1, 3);
    assert.ok(silent !== undefined && told !== undefined && happy !== undefined && disputed !== undefined);
    const claim = await claimOrders(exchange, silent, 10);
    const telling = await claimOrders(exchange, told, 10, 64);
    const settle = await settleOrder(exchange, happy, false);
    const adjudicate = await settleOrder(exchange, disputed, true);
    return {
      open: open.gas,
      "openMany of 4": openMany.gas,
      "clear of 4": clear.gas,
      "clear of 1": again.gas,
      "claim of 10": claim.gas,
      "claim of 10 with results": telling.gas,
      settle: settle.gas,
      adjudicate: adjudicate.gas,
    };
  } finally {
    await chain.close();
  }
}

/** Two orders of one committee, so that the second case is decided by fewer. */
async function measureCourt(): Promise<Record<string, number>> {
  const chain = await createGasChain();
  try {
    const exchange = await deployExchange(chain, JURY_SEATS + 4);
    const court = await prepareCourt(exchange);
    const one = await openDrawnLease(court, "one");
    const other = await openDrawnLease(court, "other");
    const [right, wrong] = ["right", "wrong"].map((text) => keccak256(stringToHex(text))) as [Hex, Hex];
    const dispute = await disputeOrder(court, one, right, [right, right, wrong]);
    const { sent: appeal, jury } = await openCase(court, dispute);
    const draw = await juryGas(court, dispute);
    const all = await decideCase(court, dispute, right, votesOf(court, dispute, jury, JURY_SEATS, right));
    const punish = await punishLiars(court, dispute);
    const equivocation = await proveLie(court, dispute, wrong);
    const second = await disputeOrder(court, other, wrong, [right, right, wrong]);
    const { jury: secondJury } = await openCase(court, second);
    const needed = verdictSeats(JURY_SEATS);
    const secondDraw = await juryGas(court, second);
    const few = await decideCase(court, second, right, votesOf(court, second, secondJury, needed, right));
    return {
      appeal: appeal.gas,
      "decide by 31 of 31, beside its draw": all.gas - draw,
      "decide by 21 of 31, beside its draw": few.gas - secondDraw,
      "punish one": punish.gas,
      proveEquivocation: equivocation.gas,
    };
  } finally {
    await chain.close();
  }
}

test("each call costs the gas of the snapshot", async () => {
  const measured = { ...(await measure()), ...(await measureCourt()) };
  if (process.env.UPDATE_GAS_SNAPSHOT) writeFileSync(path, `${JSON.stringify(measured, undefined, 2)}\n`);
  const snapshot: Record<string, number> = JSON.parse(readFileSync(path, "utf8"));
  assert.deepEqual(Object.keys(measured), Object.keys(snapshot));
  const changed = Object.entries(measured).filter(([call, gas]) => {
    const expected = snapshot[call] ?? 0;
    return Math.abs(gas - expected) > expected * TOLERANCE;
  });
  assert.deepEqual(
    changed.map(([call, gas]) => `${call}: ${gas}, snapshot ${snapshot[call]}`),
    [],
  );
});
