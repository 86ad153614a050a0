// What exchange and court both ask of an order and of attestations, as `contracts/Evidence.sol` and `Quorum.sol` do.
import { quorumCount } from "#protocol/order.ts";
import { type Attestation, LEASE_EXPIRY, type Order } from "./cast.ts";
import { nodeOf, type Signatures, sessionOf, textOf } from "./signatures.ts";
import type { StakeModel } from "./stake-model.ts";

/** Why a call reverts. */
export class Refusal extends Error {}

export interface Group {
  readonly agreeing: readonly Attestation[];
  readonly dissenting: readonly Attestation[];
}

/** @param until the last moment at which the order counts */
export function requireOrder(signatures: Signatures, order: Order, now: number, until: number): void {
  if (order.deadline > LEASE_EXPIRY) throw new Refusal("order-outlives-lease");
  if (order.quorumBps < 5_001 || order.quorumBps > 10_000) throw new Refusal("quorum-out-of-range");
  if (now > until) throw new Refusal("order-expired");
  if (!signatures.isBy(sessionOf(order.lease), textOf.order(order))) throw new Refusal("order-signature-invalid");
}

/** Each of another node of the committee, ascending. */
export function requireAttestations(
  signatures: Signatures,
  committee: readonly number[],
  order: Order,
  attestations: readonly Attestation[],
): void {
  let previous = -1;
  for (const attestation of attestations) {
    const { node } = attestation;
    if (node <= previous) throw new Refusal("attestations-not-ascending");
    if (!committee.includes(node)) throw new Refusal("not-in-committee");
    const isSigned = signatures.isBy(nodeOf(node), textOf.attestation(attestation));
    if (!isSigned || attestation.order !== order.id) throw new Refusal("attestation-signature-invalid");
    previous = node;
  }
}

/** The majority among them, when there is one. */
export function largestGroup(attestations: readonly Attestation[]): Group {
  const groups = Map.groupBy(attestations, ({ resultHash }) => resultHash);
  const agreeing = [...groups.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
  return { agreeing, dissenting: attestations.filter((each) => !agreeing.includes(each)) };
}

/** By heads and stake of the whole committee, as stakes stand. */
export function isQuorum(
  stakes: StakeModel,
  committee: readonly number[],
  quorumBps: number,
  nodes: readonly number[],
): boolean {
  const stake = stakes.weigh(nodes) * 10_000n >= BigInt(quorumBps) * stakes.weigh(committee);
  return nodes.length >= quorumCount(quorumBps, committee.length) && stake;
}
