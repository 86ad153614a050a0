// The whole committee's signatures under a claim, each checked before anybody pays gas for it.
import type { Hex } from "viem";
import { verifySignature } from "#protocol/signing.ts";
import type { LeaseId, NodeId } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import type { Peers } from "./exchange-attestations.ts";
import { type OwnClaim, signClaim } from "./sign-claim.ts";

/**
 * The signatures in the committee's order; undefined when some node gives none that is right. This node signs first, by
 * the same rules as for anybody's claim.
 * @throws as `signClaim`
 */
export async function gatherClaim(
  parts: OrderParts,
  { terms, claim, id }: OwnClaim,
  orders: readonly Hex[],
  { endpoints, connect, signal }: Peers,
): Promise<readonly Hex[] | undefined> {
  const { receiptsRoot, perNode } = claim;
  const proposal = { lease: claim.lease as LeaseId, orders: [...orders], receiptsRoot, perNode };
  const own = await signClaim(parts, proposal);
  const ask = async (node: NodeId): Promise<Hex | undefined> => {
    if (node === parts.node) return own.signature;
    try {
      const endpoint = endpoints.get(node);
      if (endpoint === undefined) throw new Error("nobody said where it is");
      const patience = AbortSignal.any([signal, AbortSignal.timeout(NODE_LIMITS.coSignMillis)]);
      const { signature } = await connect(endpoint).signClaim(proposal, { signal: patience });
      await verifySignature(parts.domain, "Claim", { message: claim, signature }, node);
      return signature;
    } catch (error) {
      if (!signal.aborted) parts.log.warn({ node, claim: id, err: error }, "a node does not sign the claim");
      return undefined;
    }
  };
  const signatures = await Promise.all(terms.nodes.map(ask));
  return signatures.every((signature) => signature !== undefined) ? signatures : undefined;
}
