// Decides how a clearing lies in calldata, byte for byte as contracts/ClearingCalldata.sol reads it, and what its nodes
// sign. It never judges a voucher, and it never holds a key.
import { concat, encodePacked, type Hex, hexToNumber, keccak256, numberToHex } from "viem";
import { LIMITS } from "./limits.ts";
import { compareNodes } from "./order.ts";
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

const HEADER_BYTES = 41;
const NODE_BYTES = 20;
const ENTRY_BYTES = 152;
const SEAT_BYTES = 2;
const SIGNATURE_BYTES = 64;
/** Stands for a node that did not sign: the entries of its leases are skipped. */
const NO_SIGNATURE: Hex = `0x${"00".repeat(SIGNATURE_BYTES)}`;

/** Every node of the entries' committees once, ascending. */
export function clearingNodes(entries: readonly ClearingEntry[]): NodeId[] {
  const nodes = new Set(entries.flatMap(({ terms }) => terms.nodes.map(lower)));
  return [...nodes].sort(compareNodes);
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
export function decodeClearing(batch: Hex): DecodedClearing {
  const bytes = (batch.length - 2) / 2;
  requireBytes(bytes, HEADER_BYTES);
  const validUntil = numberAt(batch, 0, 5);
  const receiptsRoot = bytesAt(batch, 5, 32);
  const [nodeCount, entryCount] = [numberAt(batch, 37, 2), numberAt(batch, 39, 2)];
  const entriesAt = HEADER_BYTES + nodeCount * NODE_BYTES;
  requireBytes(bytes, entriesAt + nodeCount * SIGNATURE_BYTES);
  if (nodeCount > LIMITS.clearingNodes) throw tooLarge("nodes", nodeCount, LIMITS.clearingNodes);
  const signaturesAt = bytes - nodeCount * SIGNATURE_BYTES;
  const offsets = entryOffsets(batch, bytes, entriesAt, entryCount);
  const end = offsets.pop() ?? entriesAt;
  if (end !== signaturesAt) throw malformed(bytes, end + nodeCount * SIGNATURE_BYTES);
  const nodes = Array.from({ length: nodeCount }, (_, i) => bytesAt(batch, HEADER_BYTES + i * NODE_BYTES, NODE_BYTES));
  const signatures = nodes.map((_, i) => bytesAt(batch, signaturesAt + i * SIGNATURE_BYTES, SIGNATURE_BYTES));
  return { validUntil, receiptsRoot, nodes, signatures, entries: offsets.map((at) => entryAt(batch, at, nodes)) };
}

/** Where each entry begins, and last where all of them end. */
function entryOffsets(batch: Hex, bytes: number, from: number, count: number): number[] {
  const offsets = [from];
  for (let i = 0, at = from; i < count; i++) {
    requireBytes(bytes, at + ENTRY_BYTES);
    at += ENTRY_BYTES + numberAt(batch, at + ENTRY_BYTES - 1, 1) * SEAT_BYTES;
    requireBytes(bytes, at);
    offsets.push(at);
  }
  return offsets;
}

function entryAt(batch: Hex, at: number, table: readonly NodeId[]): ClearingEntry {
  const size = numberAt(batch, at + 151, 1);
  if (size > LIMITS.committeeNodes) throw seatUnknown(size);
  const nodes = Array.from({ length: size }, (_, i) => {
    const seat = numberAt(batch, at + ENTRY_BYTES + i * SEAT_BYTES, SEAT_BYTES);
    const node = table[seat];
    if (node === undefined) throw seatUnknown(seat);
    return node;
  });
  const [consumer, sessionKey] = [bytesAt(batch, at, 20), bytesAt(batch, at + 20, 20)];
  const terms = { consumer, sessionKey, salt: bytesAt(batch, at + 40, 32), nodes };
  const message = {
    lease: leaseIdOf(terms),
    perNode: BigInt(bytesAt(batch, at + 72, 8)),
    upTo: numberAt(batch, at + 80, 4),
    forced: numberAt(batch, at + 84, 2),
    last: numberAt(batch, at + 86, 1) !== 0,
  };
  return { terms, voucher: { message, signature: bytesAt(batch, at + 87, SIGNATURE_BYTES) } };
}

/** The counts, the nodes and the entries: the part of the calldata that the nodes' signatures cover. */
function packSigned(entries: readonly ClearingEntry[]): Hex {
  if (entries.length === 0) throw new ProtocolError("invalid", "clearing-empty", "A clearing needs a voucher.");
  if (entries.length > LIMITS.clearingLeases) throw tooLarge("leases", entries.length, LIMITS.clearingLeases);
  const nodes = clearingNodes(entries);
  if (nodes.length > LIMITS.clearingNodes) throw tooLarge("nodes", nodes.length, LIMITS.clearingNodes);
  const seats = new Map(nodes.map((node, seat) => [node, seat]));
  const counts = [nodes.length, entries.length].map((count) => numberToHex(count, { size: 2 }));
  return concat([...counts, ...nodes, ...entries.map((entry) => packEntry(entry, seats))]);
}

function packEntry({ terms, voucher }: ClearingEntry, seats: ReadonlyMap<NodeId, number>): Hex {
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
      ["address", "address", "bytes32", "uint64", "uint32", "uint16", "bool", "bytes", "uint8"],
      [consumer, sessionKey, salt, perNode, upTo, forced, last, compactSignature(voucher.signature), nodes.length],
    ),
    ...nodes.map((node) => numberToHex(seats.get(lower(node)) ?? 0, { size: SEAT_BYTES })),
  ]);
}

function lower(node: NodeId): NodeId {
  return node.toLowerCase() as NodeId;
}

function bytesAt(batch: Hex, at: number, size: number): Hex {
  return `0x${batch.slice(2 + at * 2, 2 + (at + size) * 2)}`;
}

function numberAt(batch: Hex, at: number, size: number): number {
  return hexToNumber(bytesAt(batch, at, size));
}

function requireBytes(bytes: number, needed: number): void {
  if (bytes < needed) throw malformed(bytes, needed);
}

function malformed(bytes: number, needed: number): ProtocolError {
  return new ProtocolError("invalid", "clearing-malformed", `The clearing has ${bytes} bytes, it needs ${needed}.`, {
    hint: "Pack it anew: the contract reverts on a byte too few or too many.",
    context: { bytes, needed },
  });
}

function tooLarge(what: string, count: number, limit: number): ProtocolError {
  return new ProtocolError("too-large", "clearing-too-large", `The clearing has ${count} ${what}, not ${limit}.`, {
    hint: "Split it into several clearings.",
    context: { count, limit },
  });
}

function seatUnknown(seat: number): ProtocolError {
  return new ProtocolError(
    "invalid",
    "clearing-seat-unknown",
    "An entry of the clearing names a node it does not list.",
    {
      hint: "The contract skips such an entry; leave it out.",
      context: { seat },
    },
  );
}
