// The routes by which the nodes of a committee are paid without their consumer. What is shown is signed by its authors,
// so there is no token.
import { addRoute } from "#mesh/api-route.ts";
import type { Api } from "#mesh/api-server.ts";
import { attestationExchange, claimProposal, claimSignature, heldAttestations } from "#protocol/node-api.ts";
import type { OrderParts } from "../orders/order-parts.ts";
import { signClaim } from "../rescue/sign-claim.ts";
import { type AttestFor, takeAttestations } from "../rescue/take-attestations.ts";

export function addRescueRoutes(api: Api, parts: OrderParts, attest: AttestFor): void {
  addRoute(
    api,
    {
      method: "post",
      path: "/v1/attestations",
      summary: "Show what nodes attested; the answer is what this node holds of the same orders, once it has attested.",
      body: attestationExchange,
      answer: heldAttestations,
    },
    ({ body }) => takeAttestations(parts, body, attest),
  );
  addRoute(
    api,
    {
      method: "post",
      path: "/v1/claims",
      summary: "Ask for the node's signature under a claim of orders that it has done and nobody has paid.",
      body: claimProposal,
      answer: claimSignature,
    },
    ({ body }) => signClaim(parts, body),
  );
}
