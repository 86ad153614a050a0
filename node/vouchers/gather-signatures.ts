// The other nodes' signatures under a clearing, each checked before anybody pays gas for it.
import type { Hex } from "viem";
import type { NodeClient } from "#mesh/node-client.ts";
import { type Clearing, clearingBatchOf, clearingNodes } from "#protocol/clearing-batch.ts";
import { verifySignature } from "#protocol/signing.ts";
import type { NodeId } from "#protocol/units.ts";
import { NODE_LIMITS } from "../limits.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { coSign } from "./co-sign.ts";

export type ConnectCoSigner = (endpoint: string) => Pick<NodeClient, "signClearing">;

export interface GatheredSignatures {
  readonly signatures: ReadonlyMap<NodeId, Hex>;
  /** Who gave none that is right. */
  readonly missing: readonly NodeId[];
}

/** @param endpoints of the other nodes, as far as they are known */
export async function gatherSignatures(
  parts: OrderParts,
  clearing: Clearing,
  endpoints: ReadonlyMap<NodeId, string>,
  connect: ConnectCoSigner,
  signal: AbortSignal,
): Promise<GatheredSignatures> {
  const { domain, node: self, log } = parts;
  const message = clearingBatchOf(clearing);
  const proposal = { ...clearing, entries: [...clearing.entries] };
  const ask = async (node: NodeId): Promise<Hex> => {
    if (node === self) return (await coSign(parts, proposal)).signature;
    const endpoint = endpoints.get(node);
    if (endpoint === undefined) throw new Error("nobody said where it is");
    const patience = AbortSignal.any([signal, AbortSignal.timeout(NODE_LIMITS.coSignMillis)]);
    const { signature } = await connect(endpoint).signClearing(proposal, { signal: patience });
    await verifySignature(domain, "ClearingBatch", { message, signature }, node);
    return signature;
  };
  const signatures = new Map<NodeId, Hex>();
  const missing: NodeId[] = [];
  await Promise.all(
    clearingNodes(clearing.entries).map(async (node) => {
      try {
        signatures.set(node, await ask(node));
      } catch (error) {
        missing.push(node);
        log.warn({ node, err: error }, "a node does not sign the clearing");
      }
    }),
  );
  return { signatures, missing };
}
