// What it takes to talk with a committee about one order.
import type { Hex } from "viem";
import type { NodeClient } from "#mesh/node-client.ts";
import type { OrderSubmission } from "#protocol/node-api.ts";
import type { Offer } from "#protocol/signed-messages.ts";
import type { ExchangeDomain } from "#protocol/typed-data.ts";
import type { Digest, NodeId } from "#protocol/units.ts";
import type { Clock } from "../clock.ts";
import type { OnProgress } from "../progress.ts";

/** One node of the committee and the way to it. */
export interface Member {
  readonly offer: Offer;
  readonly client: NodeClient;
}

export interface OrderContext {
  readonly domain: ExchangeDomain;
  readonly orderId: Hex;
  readonly submission: OrderSubmission;
  /** In the committee's order. */
  readonly members: readonly Member[];
  /** The bytes of a blob that the submission names. */
  readonly blob: (digest: Digest) => Promise<Uint8Array>;
  /** Brings the node the lease's voucher, where orders are paid so. @throws the node's refusal */
  readonly handVoucher?: (node: NodeId, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}
