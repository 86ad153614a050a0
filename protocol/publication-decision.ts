// Decides how many bytes of results a node publishes with a call that forces payment: what it may still spend on gas,
// and what a transaction has room for. It never keeps the call itself back, since the money comes first.

import { LIMITS } from "./limits.ts";
import {
  type ClaimQuestion,
  claimCall,
  claimGain,
  claimGas,
  forcingGain,
  forcingGas,
  lastCall,
  type RescueCosts,
  type RescueQuestion,
} from "./rescue-decision.ts";
import type { Amount } from "./units.ts";

/** A call that forces payment, with nothing published. */
export interface ForcingCall {
  /** The most that it is expected to need. */
  readonly gas: bigint;
  /** Nodes that sign in it. */
  readonly nodes: number;
  readonly orders: number;
}

/** What EIP-7623 has a byte of calldata cost, as if none were zero: beside what runs, or in the floor instead of it. */
const BYTE_GAS = { standard: 16n, floor: 40n } as const;
const TRANSACTION_GAS = 21_000n;
/** The floor's share of a call's own calldata, and its bytes; measured, rounded up. */
const CALL_FLOOR = { base: 8_000n, node: 9_200n, order: 9_300n } as const;
const CALL_BYTES = { base: 1_024, node: 352, order: 416 } as const;
const WEI = 10n ** 18n;

/** The bytes that the node publishes at most when it forces the order now. */
export function forcingPublicationBytes(question: RescueQuestion): number {
  const nodes = question.others.length + 1;
  const call = { gas: forcingGas(nodes), nodes, orders: 1 };
  return affordable(call, forcingGain(question), question.costs, question.now >= lastCall(question));
}

/** The bytes that the node publishes at most with the claim. */
export function claimPublicationBytes(question: ClaimQuestion): number {
  const { committee, orders, costs, now } = question;
  const call = { gas: claimGas(committee, orders.length), nodes: committee, orders: orders.length };
  return affordable(call, claimGain(question), costs, now >= claimCall(question));
}

/** The most gas that the call is expected to need with so many bytes of results behind it. */
export function publishingGas(call: ForcingCall, bytes: number): bigint {
  const standard = call.gas + BYTE_GAS.standard * BigInt(bytes);
  const floor = floorOf(call) + BYTE_GAS.floor * BigInt(bytes);
  return standard > floor ? standard : floor;
}

/** The same share of the gain as without results is spent on gas; all but a unit of it when time is short. */
function affordable(call: ForcingCall, gain: Amount, costs: RescueCosts | undefined, isUrgent: boolean): number {
  if (costs === undefined) return 0;
  const room = roomBeside(call);
  const { gasPrice, coinPrice, costShareBps } = costs;
  const unitCost = gasPrice * coinPrice;
  if (unitCost === 0n) return room;
  const spend = isUrgent ? gain - 1n : (gain * BigInt(costShareBps)) / 10_000n;
  const gas = (spend * WEI) / unitCost;
  const standard = (gas - call.gas) / BYTE_GAS.standard;
  const floor = (gas - floorOf(call)) / BYTE_GAS.floor;
  const bytes = standard < floor ? standard : floor;
  return bytes <= 0n ? 0 : Math.min(room, Number(bytes));
}

/** Nodes pass no transaction on that is too long, so a claim of very many orders publishes less. */
function roomBeside({ nodes, orders }: ForcingCall): number {
  const own = CALL_BYTES.base + CALL_BYTES.node * nodes + CALL_BYTES.order * orders;
  return Math.max(0, Math.min(LIMITS.publicationBytes, LIMITS.transactionBytes - own));
}

function floorOf({ nodes, orders }: ForcingCall): bigint {
  const { base, node, order } = CALL_FLOOR;
  return TRANSACTION_GAS + base + node * BigInt(nodes) + order * BigInt(orders);
}
