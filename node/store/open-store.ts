// Opens a node's database. Every commit reaches the disk before it returns, since a signature may follow it.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { migrate } from "drizzle-orm/better-sqlite3/migrator";
import { ProtocolError } from "#protocol/protocol-error.ts";
import { CourtStore } from "./court-store.ts";
import * as schema from "./schema.ts";
import { StoreReader } from "./store-reader.ts";
import { StoreWriter } from "./store-writer.ts";

export interface NodeStore extends Disposable {
  readonly reader: StoreReader;
  readonly writer: StoreWriter;
  readonly court: CourtStore;
}

/**
 * Opens or creates the database at `path`.
 * @throws `store-locked` when another node runs on it, `store-unusable`
 */
export function openStore(path: string, migrations = migrationsFolder()): NodeStore {
  try {
    const client = new Database(path, { timeout: 1_000 });
    try {
      client.pragma("journal_mode = WAL");
      client.pragma("synchronous = FULL");
      // Two daemons on one store could sign twice for one order: the lock is held until the store is closed.
      client.pragma("locking_mode = EXCLUSIVE");
      const db = drizzle(client, { schema });
      migrate(db, { migrationsFolder: migrations });
      client.exec("BEGIN IMMEDIATE; COMMIT");
      return {
        reader: new StoreReader(db),
        writer: new StoreWriter(db),
        court: new CourtStore(db),
        [Symbol.dispose]: () => client.close(),
      };
    } catch (error) {
      client.close();
      throw error;
    }
  } catch (cause) {
    throw unusable(path, cause);
  }
}

/** Beside the source, or, from a bundle in dist/, in the checkout beside it. */
function migrationsFolder(): string {
  const candidates = ["./migrations", "../node/store/migrations"].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return candidates.find((path) => existsSync(`${path}/meta/_journal.json`)) ?? candidates[0] ?? "";
}

function unusable(path: string, cause: unknown): ProtocolError {
  const error = cause as { code?: string; message?: string; cause?: { code?: string } };
  if ((error.code ?? error.cause?.code ?? "").startsWith("SQLITE_BUSY")) {
    return new ProtocolError("conflict", "store-locked", `Another node runs on ${path}.`, {
      hint: "Stop it, or give this node a home directory of its own.",
      context: { path },
      cause,
    });
  }
  return new ProtocolError("invalid", "store-unusable", `Cannot open ${path}: ${error.message ?? "unknown"}.`, {
    hint: "Check that the home directory is writable and its disk not full.",
    context: { path },
    cause,
  });
}
