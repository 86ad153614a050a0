// Decides how a clearing lies in calldata, byte for byte as contracts/ClearingCalldata.sol reads it, and what its nodes
// sign. It never judges a voucher, and it never holds a key.
import { concat, encodePacked, type Hex, keccak256, numberToHex } from "viem";
import { LIMITS } from "./limits.ts";
import {
  lower,
  NODE_BYTES,
  PackedBatch,
  packCommittee,
  packTable,
  requireAtMost,
  SIGNATURE_BYTES,
  tableOf,
} from "./packed-batch.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { ClearingBatch, LeaseTerms, Signed, Voucher } from "./signed-messages.ts";
import { compactSignature, leaseIdOf } from "./signing.ts";
import type { NodeId, UnixSeconds } from "./units.ts";

/** One lease's part: its terms, which the chain knows only by hash, and its session key's voucher. */
export interface ClearingEntry {
  readonly terms: LeaseTerms;
  readonly voucher: Signed<Voucher>;
}

/** What the nodes of a clearing agree on before they sign. */
export interface Clearing {
  readonly entries: readonly ClearingEntry[];
  /** Merkle root of the receipts behind the vouchers, for those who check what was paid. */
  readonly receiptsRoot: Hex;
  readonly validUntil: UnixSeconds;
}

/** A clearing read back from calldata; its signatures are in the order of its nodes, 64 bytes each. */
export interface DecodedClearing extends Clearing {
  readonly nodes: readonly NodeId[];
  readonly signatures: readonly Hex[];
}

const NAME = "clearing";
const HEADER_BYTES = 41;
const ENTRY_BYTES = 152;
/** Stands for a node that did not sign: the entries of its leases are skipped. */
const NO_SIGNATURE: Hex = `0x${"00".repeat(SIGNATURE_BYTES)}`;

/** Every node of the entries' committees once, ascending. */
export function clearingNodes(entries: readonly ClearingEntry[]): NodeId[] {
  return tableOf(entries.map(({ terms }) => terms));
}

/**
 * What every node of the clearing signs. It covers the counts, so the same bytes cannot be cut into other entries.
 * @throws `clearing-empty`, `clearing-too-large`, `lease-differs` when a voucher is of another lease than its terms
 */
export function clearingBatchOf(clearing: Clearing): ClearingBatch {
  const { receiptsRoot, validUntil } = clearing;
  return { entries: keccak256(packSigned(clearing.entries)), receiptsRoot, validUntil };
}

/**
 * The calldata of a clearing.
 * @param signatures by node, 64 or 65 bytes; a node without one is there as one that did not sign
 * @throws as `clearingBatchOf`
 */
export function encodeClearing(clearing: Clearing, signatures: ReadonlyMap<NodeId, Hex>): Hex {
  const { entries, receiptsRoot, validUntil } = clearing;
  const bySigner = new Map([...signatures].map(([node, signature]) => [lower(node), compactSignature(signature)]));
  const signed = clearingNodes(entries).map((node) => bySigner.get(node) ?? NO_SIGNATURE);
  return concat([numberToHex(validUntil, { size: 5 }), receiptsRoot, packSigned(entries), ...signed]);
}

/**
 * Reads a clearing as the contract does: entries end where the signatures begin, and nothing lies between.
 * @throws `clearing-malformed` where the contract reverts with `BatchMalformed`, `clearing-too-large`,
 * `clearing-seat-unknown` for an entry that the contract would skip as that
 */
export function decodeClearing(packed: Hex): DecodedClearing {
  const batch = new PackedBatch(NAME, packed);
  batch.require(HEADER_BYTES);
  const [validUntil, receiptsRoot] = [batch.number(0, 5), batch.bytes(5, 32)];
  const [nodeCount, entryCount] = [batch.number(37, 2), batch.number(39, 2)];
  const entriesAt = HEADER_BYTES + nodeCount * NODE_BYTES;
  const signatureBytes = nodeCount * SIGNATURE_BYTES;
  batch.require(entriesAt + signatureBytes);
  requireAtMost(NAME, "nodes", nodeCount, LIMITS.batchNodes);
  const offsets = batch.rows(entriesAt, entryCount, ENTRY_BYTES);
  const end = offsets.pop() ?? entriesAt;
  if (end + signatureBytes !== batch.length) throw batch.malformed(end + signatureBytes);
  const nodes = batch.list(HEADER_BYTES, nodeCount, NODE_BYTES);
  const signatures = batch.list(end, nodeCount, SIGNATURE_BYTES);
  return { validUntil, receiptsRoot, nodes, signatures, entries: offsets.map((at) => entryAt(batch, at, nodes)) };
}

function entryAt(batch: PackedBatch, at: number, table: readonly NodeId[]): ClearingEntry {
  const nodes = batch.committee(at + 151, table);
  const [consumer, sessionKey] = [batch.bytes(at, 20), batch.bytes(at + 20, 20)];
  const terms = { consumer, sessionKey, salt: batch.bytes(at + 40, 32), nodes };
  const message = {
    lease: leaseIdOf(terms),
    perNode: BigInt(batch.bytes(at + 72, 8)),
    upTo: batch.number(at + 80, 4),
    forced: batch.number(at + 84, 2),
    last: batch.number(at + 86, 1) !== 0,
  };
  return { terms, voucher: { message, signature: batch.bytes(at + 87, SIGNATURE_BYTES) } };
}

/** The counts, the nodes and the entries: the part of the calldata that the nodes' signatures cover. */
function packSigned(entries: readonly ClearingEntry[]): Hex {
  if (entries.length === 0) throw new ProtocolError("invalid", "clearing-empty", "A clearing needs a voucher.");
  requireAtMost(NAME, "leases", entries.length, LIMITS.clearingLeases);
  const table = clearingNodes(entries);
  requireAtMost(NAME, "nodes", table.length, LIMITS.batchNodes);
  return packTable(
    table,
    entries.map((entry) => packEntry(entry, table)),
  );
}

function packEntry({ terms, voucher }: ClearingEntry, table: readonly NodeId[]): Hex {
  const { lease, perNode, upTo, forced, last } = voucher.message;
  const id = leaseIdOf(terms);
  if (lease !== id) {
    throw new ProtocolError("invalid", "lease-differs", `The voucher is of lease ${lease}, the terms are of ${id}.`, {
      hint: "Give the terms of the voucher's own lease.",
      context: { voucher: lease, terms: id },
    });
  }
  const { consumer, sessionKey, salt, nodes } = terms;
  return concat([
    encodePacked(
      ["address", "address", "bytes32", "uint64", "uint32", "uint16", "bool", "bytes"],
      [consumer, sessionKey, salt, perNode, upTo, forced, last, compactSignature(voucher.signature)],
    ),
    packCommittee(nodes, table),
  ]);
}
