// Decides what the packed batches have in common, byte for byte as contracts/PackedCalldata.sol and contracts/Seats.sol
// read it: every node once in a table, and committees as places in it. It never knows what a batch is for.
import { concat, type Hex, hexToNumber, numberToHex } from "viem";
import { LIMITS } from "./limits.ts";
import { compareNodes } from "./order.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { LeaseTerms } from "./signed-messages.ts";
import type { NodeId } from "./units.ts";

/** What the codes and the sentences of a batch's errors call it. */
export type BatchName = "clearing" | "opening-batch";

export const NODE_BYTES = 20;
export const SIGNATURE_BYTES = 64;
const SEAT_BYTES = 2;

/** Every node of the committees once, ascending. */
export function tableOf(leases: readonly LeaseTerms[]): NodeId[] {
  const nodes = new Set(leases.flatMap((terms) => terms.nodes.map(lower)));
  return [...nodes].sort(compareNodes);
}

/** The two counts, the table and the rows behind it. */
export function packTable(table: readonly NodeId[], rows: readonly Hex[]): Hex {
  const counts = [table.length, rows.length].map((count) => numberToHex(count, { size: 2 }));
  return concat([...counts, ...table, ...rows]);
}

/** A committee's size, and the place of each of its nodes in the table. */
export function packCommittee(nodes: readonly NodeId[], table: readonly NodeId[]): Hex {
  const seats = nodes.map((node) => numberToHex(table.indexOf(lower(node)), { size: SEAT_BYTES }));
  return concat([numberToHex(nodes.length, { size: 1 }), ...seats]);
}

export function lower(node: NodeId): NodeId {
  return node.toLowerCase() as NodeId;
}

/** Reads a packed batch; every method takes an offset in bytes. */
export class PackedBatch {
  readonly length: number;
  readonly #name: BatchName;
  readonly #batch: Hex;

  constructor(name: BatchName, batch: Hex) {
    this.#name = name;
    this.#batch = batch;
    this.length = (batch.length - 2) / 2;
  }

  bytes(at: number, size: number): Hex {
    return `0x${this.#batch.slice(2 + at * 2, 2 + (at + size) * 2)}`;
  }

  number(at: number, size: number): number {
    return hexToNumber(this.bytes(at, size));
  }

  /** `count` values of `size` bytes. */
  list(at: number, count: number, size: number): Hex[] {
    return Array.from({ length: count }, (_, i) => this.bytes(at + i * size, size));
  }

  /** @throws the batch's `…-malformed` when it is shorter than `needed` bytes */
  require(needed: number): void {
    if (this.length < needed) throw this.malformed(needed);
  }

  /**
   * Where each of `count` rows begins, and last where all of them end; a row is `size` bytes, the last of which is its
   * committee's size, and the committee's seats.
   * @throws as `require`
   */
  rows(from: number, count: number, size: number): number[] {
    const offsets = [from];
    for (let i = 0, at = from; i < count; i++) {
      this.require(at + size);
      at += size + this.number(at + size - 1, 1) * SEAT_BYTES;
      this.require(at);
      offsets.push(at);
    }
    return offsets;
  }

  /**
   * The committee whose size is the byte at `at`.
   * @throws the batch's `…-seat-unknown` when a seat is not in the table, or there are more than a committee has
   */
  committee(at: number, table: readonly NodeId[]): NodeId[] {
    const size = this.number(at, 1);
    if (size > LIMITS.committeeNodes) throw this.#seatUnknown(size);
    return Array.from({ length: size }, (_, i) => {
      const seat = this.number(at + 1 + i * SEAT_BYTES, SEAT_BYTES);
      const node = table[seat];
      if (node === undefined) throw this.#seatUnknown(seat);
      return node;
    });
  }

  malformed(needed: number): ProtocolError {
    const message = `The ${this.#name} has ${this.length} bytes, it needs ${needed}.`;
    return new ProtocolError("invalid", `${this.#name}-malformed`, message, {
      hint: "Pack it anew: the contract reverts on a byte too few or too many.",
      context: { bytes: this.length, needed },
    });
  }

  #seatUnknown(seat: number): ProtocolError {
    const message = `An entry of the ${this.#name} names a node it does not list.`;
    return new ProtocolError("invalid", `${this.#name}-seat-unknown`, message, {
      hint: "The contract skips such an entry; leave it out.",
      context: { seat },
    });
  }
}

/** @throws the batch's `…-too-large` when there are more than `limit` */
export function requireAtMost(name: BatchName, what: "leases" | "nodes", count: number, limit: number): void {
  if (count <= limit) return;
  throw new ProtocolError("too-large", `${name}-too-large`, `The ${name} has ${count} ${what}, not ${limit}.`, {
    hint: "Split it into several.",
    context: { count, limit },
  });
}
