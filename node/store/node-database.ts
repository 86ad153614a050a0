// The type of the database that readers and writers share.
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import type * as schema from "./schema.ts";

export type NodeDatabase = BetterSQLite3Database<typeof schema>;
