// What the store and the chain say of one lease's unpaid orders, as the protocol's rules want it.
import type { Hex } from "viem";
import { compareNodes } from "#protocol/order.ts";
import { dissenters, type RescueCosts, type RescueQuestion, type Said } from "#protocol/rescue-decision.ts";
import type { Voucher } from "#protocol/signed-messages.ts";
import type { NodeId, UnixSeconds } from "#protocol/units.ts";
import type { LeaseFacts } from "../orders/chain-view.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import type { AttestedOrder, StandingClaim } from "../store/order-record.ts";

export interface LeaseView {
  readonly facts: LeaseFacts | undefined;
  readonly graceSeconds: number;
  readonly now: UnixSeconds;
  readonly held: Voucher | undefined;
  /** That this node signed and that can still be carried out. */
  readonly claims: readonly StandingClaim[];
  /** Claims that some node did not sign when it was last asked. */
  readonly refused: ReadonlySet<Hex>;
  readonly costs: RescueCosts | undefined;
}

/** @param isAccused whether these nodes were dealt with for the order; asked for paid orders with dissenters alone */
export async function questionOf(
  { reader, node }: OrderParts,
  order: AttestedOrder,
  view: LeaseView,
  isAccused: (order: AttestedOrder, nodes: readonly NodeId[], until: UnixSeconds) => Promise<boolean>,
): Promise<RescueQuestion> {
  const { facts, graceSeconds, now, held, claims, refused, costs } = view;
  const { attestedAt, deadline, maxPrice, forceFee, quorumBps, nodes, nonce } = order;
  const own: Said = { node, resultHash: order.resultHash, price: order.price };
  const others = reader.peerAttestations(order.order).map(({ message }) => message);
  const claim = claims.find(({ orders }) => orders.some((member) => member.order === order.order));
  const paid = order.settled || !facts?.open || nonce <= facts.upTo;
  const accused = paid && costs !== undefined ? dissenters({ own, others }).map((said) => said.node) : [];
  return {
    ...{ now, attestedAt, deadline, graceSeconds, maxPrice, forceFee, quorumBps, own, others, paid, costs },
    committee: nodes.length,
    rank: nodes.findIndex((member) => compareNodes(member, node) === 0),
    covered: facts !== undefined && held !== undefined && covers(held, facts, nonce),
    claimed: claim !== undefined,
    claimRefused: claim !== undefined && refused.has(claim.claim),
    dissentersAccused: accused.length > 0 && (await isAccused(order, accused, deadline + 4 * graceSeconds)),
  };
}

export function covers(held: Voucher, facts: LeaseFacts, nonce: number): boolean {
  const says = held.forced === facts.forced && held.perNode >= facts.paidPerNode && held.upTo >= facts.upTo;
  return says && (held.last || nonce <= held.upTo);
}
