// The routes by which a jury learns what it judges and speaks among itself. They say something of open cases alone.
import type { Hex } from "viem";
import { addRoute } from "#mesh/api-route.ts";
import type { Api } from "#mesh/api-server.ts";
import { type CaseVote, caseEvidence, heldVote, jurorVote } from "#protocol/node-api.ts";
import type { Digest } from "#protocol/units.ts";
import * as wire from "#protocol/wire.ts";
import { type EvidenceParts, evidenceBlob, evidenceOf } from "../court/case-evidence.ts";
import { takeVote, type VoteParts } from "../court/cast-vote.ts";

const order = { order: wire.bytes32 };

export function addCourtRoutes(api: Api, parts: EvidenceParts & VoteParts): void {
  addRoute<{ order: Hex }>(
    api,
    {
      method: "get",
      path: "/v1/cases/{order}",
      summary: "What the node ran and holds of an order that is in an open case, for its jury.",
      params: order,
      answer: caseEvidence,
    },
    ({ params }) => evidenceOf(parts, params.order),
  );
  addRoute<{ order: Hex; digest: Digest }>(
    api,
    {
      method: "get",
      path: "/v1/cases/{order}/blobs/{digest}",
      summary: "A blob of an order that is in an open case.",
      params: { ...order, digest: wire.digest },
      answer: "bytes",
    },
    async ({ params }) => {
      const bytes = await evidenceBlob(parts, params.order, params.digest);
      return new Response(bytes as Uint8Array<ArrayBuffer>, {
        headers: { "content-type": "application/octet-stream" },
      });
    },
  );
  addRoute<{ order: Hex }, unknown, CaseVote>(
    api,
    {
      method: "post",
      path: "/v1/cases/{order}/votes",
      summary: "Show what a juror signed; the answer is what this node signed as a juror of the same case.",
      params: order,
      body: jurorVote,
      answer: heldVote,
    },
    ({ params, body }) => takeVote(parts, params.order, body),
  );
}
