// What a node tells of an order, read from its store: nothing is open before the attestation is signed.

import type { Hex } from "viem";
import type { OrderStatus } from "#protocol/node-api.ts";
import type { NodeId } from "#protocol/units.ts";
import type { OrderRecord } from "../store/order-record.ts";
import type { StoreReader } from "../store/store-reader.ts";

export function orderStatusOf(reader: StoreReader, node: NodeId, record: OrderRecord): OrderStatus {
  const { order, state, problem } = record;
  const status: OrderStatus = { order, state, missing: state === "waiting" ? reader.missing(order) : [] };
  if (problem) status.problem = problem;
  if (state !== "committed" && state !== "attested") return status;
  return { ...status, ...committed(reader, node, order), ...(state === "attested" && attested(reader, node, order)) };
}

function committed(reader: StoreReader, node: NodeId, order: Hex): Partial<OrderStatus> {
  const result = reader.result(order);
  if (!result?.signature) return {};
  return { commitment: { message: { order, node, seal: result.seal }, signature: result.signature } };
}

function attested(reader: StoreReader, node: NodeId, order: Hex): Partial<OrderStatus> {
  const [result, attestation] = [reader.result(order), reader.attestation(order)];
  if (!result || !attestation?.signature) return {};
  const { resultHash, price, commits, signature } = attestation;
  return {
    attestation: { message: { order, node, resultHash, price, commits }, signature },
    salt: result.salt,
    receipts: [...result.receipts],
  };
}
