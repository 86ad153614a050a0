// The state of an instance at one moment: the parts of its memory that are not zero, its globals and its tables.
import type { ModuleMeta } from "../metering/meter-module.ts";
import { V128 } from "../metering/value-type.ts";
import { INSTANCE_LIMITS } from "./limits.ts";

export interface MemoryPart {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export interface Snapshot {
  readonly memoryBytes: number;
  /** In order of their addresses; everything between them is zero. */
  readonly parts: readonly MemoryPart[];
  /** Values of the module's own mutable globals, in the order of its meta. */
  readonly globals: readonly unknown[];
  /** Elements of each table; empty when the module cannot change tables. */
  readonly tables: readonly (readonly unknown[])[];
}

/** Shorter runs of zeros do not end a part: copying them is cheaper than another part. */
const BLOCK_BYTES = 1_024;
const ZERO_BLOCK = Buffer.alloc(BLOCK_BYTES);

export function liveParts(memory: Uint8Array): MemoryPart[] {
  const buffer = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  const parts: MemoryPart[] = [];
  let start = -1;
  for (let at = 0; at <= buffer.length; at += BLOCK_BYTES) {
    const live = at < buffer.length && ZERO_BLOCK.compare(buffer, at, at + BLOCK_BYTES) !== 0;
    if (live && start < 0) start = at;
    if (!live && start >= 0) {
      parts.push({ start, bytes: Uint8Array.from(buffer.subarray(start, at)) });
      start = -1;
    }
  }
  return parts;
}

/** Makes `memory` equal to the parts below `limit`; above it, the caller knows that all is zero. */
export function restoreParts(memory: Uint8Array, parts: readonly MemoryPart[], limit: number): void {
  let at = 0;
  for (const { start, bytes } of parts) {
    if (start > at) memory.fill(0, at, start);
    memory.set(bytes, start);
    at = start + bytes.length;
  }
  if (limit > at) memory.fill(0, at, limit);
}

/** Whether all the state of the module's instances can be read and written from outside. */
export function canSnapshot(meta: ModuleMeta): boolean {
  return !meta.dropsSegments && meta.globals.every(({ type }) => type !== V128);
}

/** Whether an instance can be brought back to the snapshot, and a fresh one to it. */
export function isResettable(meta: ModuleMeta, snapshot: Snapshot): boolean {
  // A NaN's bits do not survive the way through a JavaScript number.
  if (snapshot.globals.some((value) => Number.isNaN(value))) return false;
  return snapshot.tables.every(({ length }, index) => {
    return length === meta.tables[index]?.min && length <= INSTANCE_LIMITS.resetTableElements;
  });
}
