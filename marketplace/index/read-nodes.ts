// Registered nodes and their owners, as the index has them.
import { and, asc, desc, eq, gt, lt, or, type SQL, sql } from "drizzle-orm";
import type { Address, Hex } from "viem";
import type { NodeRow } from "#protocol/marketplace-api.ts";
import type { Amount, NodeId } from "#protocol/units.ts";
import type { Reader } from "../store/open-store.ts";
import { cursorParts, type Page, type PageRequest, pageOf, pageRows } from "../store/page.ts";
import { nodes, owners } from "../store/schema.ts";
import { reputationOf } from "./reputations.ts";
import { stakeOf } from "./stakes.ts";

/** A node without its offer, which the book has. */
export type IndexedNode = Omit<NodeRow, "offer">;

export interface OwnerRow {
  readonly owner: Address;
  readonly nodes: number;
  readonly earned: Amount;
  readonly jobs: number;
}

/** In the order of registration. */
export function listNodes(reader: Reader, request: PageRequest & { owner?: Address | undefined }): Page<IndexedNode> {
  const rows = pageRows(request);
  const found = reader
    .select()
    .from(nodes)
    .where(and(request.owner && eq(nodes.owner, request.owner), registeredAfter(request.cursor)))
    .orderBy(asc(nodes.block), asc(nodes.logIndex))
    .limit(rows + 1)
    .all();
  return pageOf(
    found,
    rows,
    (row) => [row.block, row.logIndex],
    (row) => indexedNode(reader, row),
  );
}

export function findNode(reader: Reader, node: NodeId): IndexedNode | undefined {
  const row = reader.select().from(nodes).where(eq(nodes.node, node)).get();
  return row && indexedNode(reader, row);
}

/** Owners, the highest earnings first. */
export function listOwners(reader: Reader, request: PageRequest): Page<OwnerRow> {
  const rows = pageRows(request);
  const found = reader
    .select()
    .from(owners)
    .where(earnedLess(request.cursor))
    // Canonical decimals order by length, then by digits.
    .orderBy(desc(sql`length(${owners.earned})`), desc(owners.earned), asc(owners.owner))
    .limit(rows + 1)
    .all();
  return pageOf(
    found,
    rows,
    (row) => [row.earned.toString(), row.owner],
    (row) => row,
  );
}

function registeredAfter(cursor: string | undefined): SQL | undefined {
  if (cursor === undefined) return undefined;
  const [block, logIndex] = cursorParts(cursor, /^(\d{1,15})\.(\d{1,9})$/).map(Number);
  return or(
    gt(nodes.block, block as number),
    and(eq(nodes.block, block as number), gt(nodes.logIndex, logIndex as number)),
  );
}

function earnedLess(cursor: string | undefined): SQL | undefined {
  if (cursor === undefined) return undefined;
  const [earned = "", owner = ""] = cursorParts(cursor, /^(\d{1,40})\.(0x[0-9a-f]{40})$/);
  const length = sql`length(${owners.earned})`;
  const sameLength = sql`${length} = ${earned.length}`;
  return or(
    sql`${length} < ${earned.length}`,
    and(sameLength, lt(owners.earned, BigInt(earned))),
    and(eq(owners.earned, BigInt(earned)), gt(owners.owner, owner as Hex)),
  );
}

function indexedNode(reader: Reader, row: typeof nodes.$inferSelect): IndexedNode {
  const { node, owner, earned, jobs } = row;
  return { node, owner, stake: stakeOf(reader, node).staked, earned, jobs, reputation: reputationOf(reader, node) };
}
