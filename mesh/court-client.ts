// How a node asks others about a case: those that ran the order for the evidence, and those of its jury for their votes.
import type { Hex } from "viem";
import { type CaseEvidence, type CaseVote, caseEvidence, type HeldVote, heldVote } from "#protocol/node-api.ts";
import type { Digest } from "#protocol/units.ts";
import { parseWire } from "#protocol/wire.ts";
import { callBytes, callJson } from "./http-call.ts";
import type { CallOptions } from "./node-client.ts";

/** Every call throws the node's refusal or `peer-unreachable`, `peer-timeout`. */
export interface CourtClient {
  evidence(order: Hex, options?: CallOptions): Promise<CaseEvidence>;
  /** The blob's bytes, unchecked, and no more than `size` of them. */
  blob(
    order: Hex,
    digest: Digest,
    size: number,
    options?: CallOptions & { timeoutMillis: number },
  ): Promise<Uint8Array>;
  /** Shows a vote, and answers the asked juror's own. */
  exchangeVotes(order: Hex, vote: CaseVote, options?: CallOptions): Promise<HeldVote>;
}

/** A node at `endpoint`, the base URL in its offer. */
export function httpCourtClient(endpoint: string): CourtClient {
  const base = endpoint.replace(/\/+$/, "");
  return {
    evidence: async (order, { signal } = {}) => {
      const answer = await callJson({ method: "GET", base, path: `/v1/cases/${order}`, signal });
      return parseWire(caseEvidence, answer, "node's evidence");
    },
    blob: (order, digest, size, { signal, timeoutMillis } = { timeoutMillis: 10_000 }) => {
      const path = `/v1/cases/${order}/blobs/${digest}`;
      // A refusal has its room too.
      return callBytes({ method: "GET", base, path, signal, timeoutMillis, answerBytesMax: Math.max(size, 65_536) });
    },
    exchangeVotes: async (order, body, { signal } = {}) => {
      const answer = await callJson({ method: "POST", base, path: `/v1/cases/${order}/votes`, body, signal });
      return parseWire(heldVote, answer, "juror's vote");
    },
  };
}
