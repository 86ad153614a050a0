// Asks the other nodes of a committee what they attested, and shows them what this one holds.
import type { Hex } from "viem";
import type { PeerClient } from "#mesh/peer-client.ts";
import { LIMITS } from "#protocol/limits.ts";
import type { AttestationExchange } from "#protocol/node-api.ts";
import { compareNodes, hasSeat } from "#protocol/order.ts";
import type { Attestation, Commitment, Signed } from "#protocol/signed-messages.ts";
import type { NodeId } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { heldOf, keepAttestations } from "./take-attestations.ts";

export type ConnectPeer = (endpoint: string) => PeerClient;

export interface Peers {
  /** Base URLs of the committee's other nodes, as far as they are known. */
  readonly endpoints: ReadonlyMap<NodeId, string>;
  readonly connect: ConnectPeer;
  readonly signal: AbortSignal;
}

/** Exchanges with every node that may see an order. A node that does not answer is asked another time. */
export async function exchangeAttestations(parts: OrderParts, orders: readonly Hex[], peers: Peers): Promise<void> {
  // So many orders of the largest committee fit one call.
  const atOnce = LIMITS.exchangedAttestations / LIMITS.committeeNodes;
  const asked = [...peers.endpoints].map(async ([node, endpoint]) => {
    try {
      for (let from = 0; from < orders.length; from += atOnce) {
        await exchangeWith(parts, shownTo(parts, orders.slice(from, from + atOnce), node), endpoint, peers);
      }
    } catch (error) {
      if (!peers.signal.aborted) parts.log.warn({ node, err: error }, "a node shows no attestations");
    }
  });
  await Promise.all(asked);
}

async function exchangeWith(
  parts: OrderParts,
  shown: AttestationExchange,
  endpoint: string,
  { connect, signal }: Peers,
): Promise<void> {
  if (shown.attestations.length === 0) return;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(NODE_LIMITS.coSignMillis)]);
  const { attestations } = await connect(endpoint).exchangeAttestations(shown, { signal: patience });
  const wanted = new Set(shown.attestations.map(({ message }) => message.order));
  for (const [order, answered] of Map.groupBy(attestations, ({ message }) => message.order)) {
    if (wanted.has(order)) await keepAttestations(parts, order, answered.slice(0, LIMITS.committeeNodes));
  }
}

/**
 * What `node` may see: of an order, only when its own result is fixed. That is so when this node was shown its commitment
 * before it attested, or holds its attestation.
 */
export function shownTo(parts: OrderParts, orders: readonly Hex[], node: NodeId): AttestationExchange {
  const attestations: Signed<Attestation>[] = [];
  const commitments: Signed<Commitment>[] = [];
  for (const order of orders) {
    const held = heldOf(parts, order);
    const committed = parts.reader.attestation(order)?.commitments ?? [];
    const itsOwn = held.some(({ message }) => compareNodes(message.node, node) === 0);
    const isFixed = hasSeat(
      committed.map(({ message }) => message.node),
      node,
    );
    if (held.length === 0 || !(itsOwn || isFixed)) continue;
    attestations.push(...held);
    if (!itsOwn) commitments.push(...committed);
  }
  return { attestations, commitments };
}
