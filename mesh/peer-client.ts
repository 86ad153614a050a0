// How the nodes of a committee speak among themselves when their consumer is silent. Consumers have no use for it.
import {
  type AttestationExchange,
  type ClaimProposal,
  type ClaimSignature,
  claimSignature,
  type HeldAttestations,
  heldAttestations,
} from "#protocol/node-api.ts";
import { parseWire } from "#protocol/wire.ts";
import { callJson } from "./http-call.ts";
import type { CallOptions } from "./node-client.ts";

/** Every call throws the node's refusal or `peer-unreachable`, `peer-timeout`. */
export interface PeerClient {
  /** Shows attestations, and answers what the node holds of the same orders. */
  exchangeAttestations(shown: AttestationExchange, options?: CallOptions): Promise<HeldAttestations>;
  /** The node's signature under a claim of orders that it has done. */
  signClaim(proposal: ClaimProposal, options?: CallOptions): Promise<ClaimSignature>;
}

/** A node at `endpoint`, the base URL in its offer. */
export function httpPeerClient(endpoint: string): PeerClient {
  const base = endpoint.replace(/\/+$/, "");
  return {
    exchangeAttestations: async (body, { signal } = {}) => {
      const answer = await callJson({ method: "POST", base, path: "/v1/attestations", body, signal });
      return parseWire(heldAttestations, answer, "node's attestations");
    },
    signClaim: async (body, { signal } = {}) => {
      const answer = await callJson({ method: "POST", base, path: "/v1/claims", body, signal });
      return parseWire(claimSignature, answer, "node's signature");
    },
  };
}
