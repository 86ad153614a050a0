// Listings go page by page. A cursor is the sort key of the last row, so that rows which come or go between two pages
// neither repeat others nor hide them.
import { type SQL, sql } from "drizzle-orm";
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

/**
 * Rows older than the cursor, for listings that begin with the newest.
 * @param keys what the rows are ordered by; the cursor has their values with dots between
 * @throws `cursor-malformed`
 */
export function olderThan(keys: readonly SQLiteColumn[], cursor: string | undefined): SQL | undefined {
  if (cursor === undefined) return undefined;
  const values = cursorParts(cursor, new RegExp(`^${keys.map(() => "(\\d{1,15})").join("\\.")}$`)).map(Number);
  const list = (parts: readonly (SQLiteColumn | number)[]) =>
    sql.join(
      parts.map((part) => sql`${part}`),
      sql`, `,
    );
  return sql`(${list(keys)}) < (${list(values)})`;
}
