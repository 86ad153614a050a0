// Decides how a batch of openings lies in calldata, byte for byte as contracts/OpeningCalldata.sol reads it. It never
// judges an opening, and it never holds a key.
import { concat, encodePacked, type Hex } from "viem";
import { LIMITS } from "./limits.ts";
import {
  NODE_BYTES,
  PackedBatch,
  packCommittee,
  packTable,
  requireAtMost,
  SIGNATURE_BYTES,
  tableOf,
} from "./packed-batch.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { OpenLease, Signed } from "./signed-messages.ts";
import { compactSignature } from "./signing.ts";
import type { NodeId } from "./units.ts";

const NAME = "opening-batch";
const HEADER_BYTES = 4;
const OPENING_BYTES = 159;

/**
 * The calldata of `openMany`. A contract cannot sign here, only a key: its signature is 64 or 65 bytes.
 * @throws `opening-batch-empty`, `opening-batch-too-large`
 */
export function encodeOpenings(openings: readonly Signed<OpenLease>[]): Hex {
  if (openings.length === 0) {
    throw new ProtocolError("invalid", "opening-batch-empty", "A batch of openings needs an opening.");
  }
  requireAtMost(NAME, "leases", openings.length, LIMITS.openingLeases);
  const table = tableOf(openings.map(({ message }) => message.lease));
  requireAtMost(NAME, "nodes", table.length, LIMITS.batchNodes);
  return packTable(
    table,
    openings.map((opening) => packOpening(opening, table)),
  );
}

/**
 * Reads a batch of openings as the contract does: nothing lies behind them.
 * @throws `opening-batch-malformed` where the contract reverts with `BatchMalformed`, `opening-batch-too-large`,
 * `opening-batch-seat-unknown` for an opening that the contract skips for its committee's size or seats
 */
export function decodeOpenings(packed: Hex): Signed<OpenLease>[] {
  const batch = new PackedBatch(NAME, packed);
  batch.require(HEADER_BYTES);
  const [nodeCount, count] = [batch.number(0, 2), batch.number(2, 2)];
  const openingsAt = HEADER_BYTES + nodeCount * NODE_BYTES;
  batch.require(openingsAt);
  requireAtMost(NAME, "nodes", nodeCount, LIMITS.batchNodes);
  requireAtMost(NAME, "leases", count, LIMITS.openingLeases);
  const offsets = batch.rows(openingsAt, count, OPENING_BYTES);
  const end = offsets.pop() ?? openingsAt;
  if (end !== batch.length) throw batch.malformed(end);
  const table = batch.list(HEADER_BYTES, nodeCount, NODE_BYTES);
  return offsets.map((at) => openingAt(batch, at, table));
}

function packOpening({ message, signature }: Signed<OpenLease>, table: readonly NodeId[]): Hex {
  const { lease, amount, expiry, validUntil } = message;
  return concat([
    encodePacked(
      ["address", "address", "bytes32", "uint96", "uint40", "uint40", "bytes"],
      [lease.consumer, lease.sessionKey, lease.salt, amount, expiry, validUntil, compactSignature(signature)],
    ),
    packCommittee(lease.nodes, table),
  ]);
}

function openingAt(batch: PackedBatch, at: number, table: readonly NodeId[]): Signed<OpenLease> {
  const nodes = batch.committee(at + 158, table);
  const [consumer, sessionKey] = [batch.bytes(at, 20), batch.bytes(at + 20, 20)];
  const message = {
    lease: { consumer, sessionKey, salt: batch.bytes(at + 40, 32), nodes },
    amount: BigInt(batch.bytes(at + 72, 12)),
    expiry: batch.number(at + 84, 5),
    validUntil: batch.number(at + 89, 5),
  };
  return { message, signature: batch.bytes(at + 94, SIGNATURE_BYTES) };
}
