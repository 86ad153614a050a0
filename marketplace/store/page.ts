// Listings go page by page. A cursor is the sort key of the last row, so that rows which come or go between two pages
// neither repeat others nor hide them.
import { and, eq, lt, or, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { LIMITS } from "#protocol/limits.ts";
import { ProtocolError } from "#protocol/protocol-error.ts";

export interface PageRequest {
  readonly cursor?: string | undefined;
  /** Rows wanted; at most the listing's own limit. */
  readonly limit?: number | undefined;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Cursor of the following page; null at the end. */
  readonly next: string | null;
}

const ROWS_DEFAULT = 50;

/** How many rows to answer. */
export function pageRows({ limit = ROWS_DEFAULT }: PageRequest, most: number = LIMITS.pageRows): number {
  return Math.min(Math.max(limit, 1), most);
}

/** Cuts `found`, which was read one row further than `rows`. */
export function pageOf<Found, Row>(
  found: readonly Found[],
  rows: number,
  key: (row: Found) => readonly (string | number)[],
  show: (row: Found) => Row,
): Page<Row> {
  const kept = found.slice(0, rows);
  const last = kept.at(-1);
  return { rows: kept.map(show), next: found.length > rows && last !== undefined ? key(last).join(".") : null };
}

/** @throws `cursor-malformed` */
export function cursorParts(cursor: string, pattern: RegExp): readonly string[] {
  const parts = pattern.exec(cursor)?.slice(1);
  if (parts) return parts;
  throw new ProtocolError("invalid", "cursor-malformed", `"${cursor.slice(0, 40)}" is not a cursor of this listing.`, {
    hint: "Give `next` of the page before, or none for the first page.",
  });
}

interface ChainOrdered {
  readonly block: SQLiteColumn;
  readonly logIndex: SQLiteColumn;
}

/** Rows older than the cursor `block.logIndex`, for listings that begin with the newest. @throws `cursor-malformed` */
export function olderThan(table: ChainOrdered, cursor: string | undefined): SQL | undefined {
  if (cursor === undefined) return undefined;
  const [block, logIndex] = cursorParts(cursor, /^(\d{1,15})\.(\d{1,9})$/).map(Number);
  return or(lt(table.block, block), and(eq(table.block, block), lt(table.logIndex, logIndex)));
}
