// How one reaches a node. The interface is what consumers are written against; HTTP is today's way.
import type { Hex } from "viem";
import { LIMITS } from "#protocol/limits.ts";
import {
  type ClearingProposal,
  type ClearingSignature,
  type CommitmentSet,
  clearingSignature,
  type NodeInfo,
  nodeInfo,
  type OrderStatus,
  type OrderSubmission,
  orderStatus,
  type VoucherStanding,
  type VoucherSubmission,
  voucherStanding,
} from "#protocol/node-api.ts";
import type { OrderState } from "#protocol/order-state.ts";
import type { Digest } from "#protocol/units.ts";
import { parseWire } from "#protocol/wire.ts";
import { callBytes, callJson } from "./http-call.ts";

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WaitOptions extends CallOptions {
  /** Answer as soon as the state is another than this, or `waitSeconds` have passed. */
  readonly after?: OrderState | undefined;
  readonly waitSeconds?: number;
}

/** The calls that a node serves. Every one throws the node's refusal or `peer-unreachable`, `peer-timeout`. */
export interface NodeClient {
  readonly endpoint: string;
  info(options?: CallOptions): Promise<NodeInfo>;
  /** Idempotent: the same order again answers its present status. */
  submitOrder(submission: OrderSubmission, options?: CallOptions): Promise<OrderStatus>;
  sendBlob(order: Hex, token: Hex, digest: Digest, bytes: Uint8Array, options?: CallOptions): Promise<OrderStatus>;
  orderStatus(order: Hex, token: Hex, options?: WaitOptions): Promise<OrderStatus>;
  sendCommitments(order: Hex, token: Hex, set: CommitmentSet, options?: CallOptions): Promise<OrderStatus>;
  /** The encoded response of the job at `index`, once the order is attested. */
  response(order: Hex, token: Hex, index: number, options?: CallOptions): Promise<Uint8Array>;
  cancelOrder(order: Hex, token: Hex, options?: CallOptions): Promise<OrderStatus>;
  /** Idempotent: the same voucher again answers what the node holds. */
  handVoucher(submission: VoucherSubmission, options?: CallOptions): Promise<VoucherStanding>;
  /** The node's signature under a clearing of vouchers that it holds. */
  signClearing(proposal: ClearingProposal, options?: CallOptions): Promise<ClearingSignature>;
}

/** A node at `endpoint`, the base URL in its offer. */
export function httpNodeClient(endpoint: string): NodeClient {
  const base = endpoint.replace(/\/+$/, "");
  const status = async (call: Promise<unknown>) => parseWire(orderStatus, await call, "node's order status");
  return {
    endpoint: base,
    info: async ({ signal } = {}) =>
      parseWire(nodeInfo, await callJson({ method: "GET", base, path: "/v1/node", signal }), "node's description"),
    submitOrder: (body, { signal } = {}) =>
      status(callJson({ method: "POST", base, path: "/v1/orders", body, signal })),
    sendBlob: (order, token, digest, body, { signal } = {}) =>
      status(
        callJson({
          method: "PUT",
          base,
          path: `/v1/orders/${order}/blobs/${digest}`,
          token,
          body,
          signal,
          timeoutMillis: LIMITS.requestSeconds * 1_000,
        }),
      ),
    orderStatus: (order, token, { after, waitSeconds = 0, signal } = {}) => {
      const query = after ? `?after=${after}&wait=${waitSeconds}` : "";
      const timeoutMillis = waitSeconds * 1_000 + 10_000;
      return status(
        callJson({ method: "GET", base, path: `/v1/orders/${order}${query}`, token, signal, timeoutMillis }),
      );
    },
    sendCommitments: (order, token, body, { signal } = {}) =>
      status(callJson({ method: "PUT", base, path: `/v1/orders/${order}/commitments`, token, body, signal })),
    response: (order, token, index, { signal } = {}) =>
      callBytes({
        method: "GET",
        base,
        path: `/v1/orders/${order}/responses/${index}`,
        token,
        signal,
        answerBytesMax: LIMITS.blobBytes,
        timeoutMillis: LIMITS.requestSeconds * 1_000,
      }),
    cancelOrder: (order, token, { signal } = {}) =>
      status(callJson({ method: "DELETE", base, path: `/v1/orders/${order}`, token, signal })),
    handVoucher: async (body, { signal } = {}) => {
      const answer = await callJson({ method: "POST", base, path: "/v1/vouchers", body, signal });
      return parseWire(voucherStanding, answer, "node's voucher");
    },
    signClearing: async (body, { signal } = {}) => {
      const answer = await callJson({ method: "POST", base, path: "/v1/clearings", body, signal });
      return parseWire(clearingSignature, answer, "node's signature");
    },
  };
}
